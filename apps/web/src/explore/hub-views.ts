import type { EntryFileList } from './views.js';

/** The shapes of `/api/explore/hub/models`, as the server's OpenAPI document names them. */

export interface HubModelView {
  /** `<owner>/<name>` */
  repository: string;
  author: string;
  name: string;
  license: string | null;
  downloads: number;
  likes: number;
  updatedAt: string | null;
  /** Its licence has to be accepted at the hub. */
  gated: boolean;
  languages: string[];
  baseModel: string | null;
  formats: string[];
  parameters: number | null;
  contextLength: number | null;
  /** The entry of the catalogue that stands for it. */
  entryId: string | null;
}

export interface HubModelPage {
  items: HubModelView[];
  nextCursor: string | null;
}

export interface HubModelDetails extends HubModelView {
  /** Its page at the hub. */
  url: string;
  files: EntryFileList;
}
