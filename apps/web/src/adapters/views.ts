import type { AnswerError } from '../api/views.js';

/** The shapes of `/api/adapters`, as the server's OpenAPI document names them. */

export type Encoding = 'gguf' | 'mediapipe';
export type Visibility = 'private' | 'group' | 'public';

export interface AdapterVersionView {
  id: string;
  number: number;
  status: 'queued' | 'converting' | 'ready' | 'failed';
  step: string | null;
  /** 0 to 1. */
  progress: number;
  error: AnswerError | null;
  rank: number | null;
  scale: number | null;
  madeFor: string | null;
  files: { encoding: Encoding; sha256: string; sizeBytes: number; url: string }[];
  notes: AnswerError[];
  createdAt: string;
}

export interface AdapterView {
  id: string;
  name: string;
  description: string;
  license: string | null;
  ownerId: string;
  mine: boolean;
  visibility: Visibility;
  group: 'admin' | 'user' | null;
  base: { digest: string; modelId: string | null } | null;
  browserBase: { digest: string; modelId: string | null } | null;
  current: number | null;
  versions: AdapterVersionView[];
  createdAt: string;
  updatedAt: string;
}

export interface AdapterPage {
  items: AdapterView[];
  next: string | null;
}

export interface BrowserModelView {
  id: string;
  name: string;
  digest: string;
  sizeBytes: number;
  format: 'bin' | 'task' | 'litertlm';
  lora: boolean;
}

/** The file of the newest version that is ready in that encoding. */
export const fileOf = ({ versions }: AdapterView, encoding: Encoding) =>
  versions.flatMap(({ status, files }) =>
    status === 'ready' ? files.filter((file) => file.encoding === encoding) : [],
  )[0] ?? null;

export const isConverting = ({ versions }: AdapterView): boolean =>
  versions.some(({ status }) => status === 'queued' || status === 'converting');
