import type { InstallView } from '../api/views.js';

/** The shapes of `/api/explore/entries` and `/api/explore/hub`, as the server's OpenAPI document names them. */

export interface EntryView {
  id: string;
  kind: 'model' | 'adapter';
  origin: 'built-in' | 'hub' | 'adapter' | 'local';
  name: string;
  publisher: string | null;
  description: string;
  license: string | null;
  /** Count of weights. */
  parameters: number | null;
  /** Null: several files, to be chosen from. */
  quantization: string | null;
  contextLength: number | null;
  sizeBytes: number | null;
  digest: string | null;
  baseModel: string | null;
  baseDigest: string | null;
  languages: string[];
  capabilities: string[];
  encodings: string[];
  sources: string[];
  repo: string | null;
  installable: boolean;
  rating: { average: number | null; count: number; mine: number | null };
  uses: number;
  default: boolean;
  installedAs: string | null;
  install: InstallView | null;
  /** Null of an adapter, and where nothing is known of it. */
  fit: FitView | null;
  addedAt: string;
}

/** What a search can be narrowed by, in the order in which it is shown. */
export const FACETS = ['kind', 'capability', 'language', 'license', 'quantization', 'encoding', 'source'] as const;
export type Facet = (typeof FACETS)[number];

export interface EntryPage {
  items: EntryView[];
  nextCursor: string | null;
  /** 1000 stands for a thousand or more. */
  total: number;
  /** Null on the pages after the first. */
  facets: Record<Facet, { value: string; count: number }[]> | null;
  corrected: { typed: string; meant: string[] }[];
}

export type Verdict = 'fits' | 'tight' | 'too-large' | 'unknown';

export interface FitView {
  verdict: Verdict;
  needBytes: number | null;
  haveBytes: number | null;
  diskNeedBytes: number;
  diskFreeBytes: number;
  contextLength: number | null;
  explains: string;
  parts: ModelParts;
}

/** What the server read in the header of a file, or estimates. */
export interface ModelParts {
  weightsBytes: number;
  /** Of one conversation; null: not known. */
  kvBytesPerToken: number | null;
  computeBytes: number | null;
  modelContextLength: number | null;
  /** From the header of this very file. */
  exact: boolean;
}

export interface EntryFileView {
  file: string;
  format: string;
  encoding: 'gguf' | 'mediapipe' | null;
  quantization: string | null;
  sizeBytes: number;
  digest: string | null;
  engine: 'llama-cpp' | 'mediapipe' | null;
  installed: boolean;
  installable: boolean;
  /** The file that the entry itself stands for. */
  chosen: boolean;
  fit: FitView;
}

export interface CardView {
  markdown: string;
  /** The page that it is from. */
  source: string;
  fetchedAt: string;
  /** The hub could not be asked anew. */
  stale: boolean;
  truncated: boolean;
  pictures: { src: string; url: string }[];
}

export interface EntryFileList {
  items: EntryFileView[];
  /** Why the hub could not be asked; the list is what is known without it. */
  problem: { code: string; message: string } | null;
}
