import type { InstallError, InstallStatus, SourceName } from '../contracts/index.js';
import { Install } from '../domain/install.js';

export interface InstallRow {
  id: string;
  catalogue_id: string;
  name: string;
  digest: string | null;
  status: InstallStatus;
  source: SourceName | null;
  // bigint columns arrive as text.
  received_bytes: string;
  total_bytes: string;
  error: InstallError | null;
  created_at: Date;
  updated_at: Date;
  revision: number;
}

export const installColumns =
  'id, catalogue_id, name, digest, status, source, received_bytes, total_bytes, error, created_at, updated_at, revision';

export const toInstall = (row: InstallRow): Install =>
  new Install({
    id: row.id,
    catalogueId: row.catalogue_id,
    name: row.name,
    digest: row.digest,
    status: row.status,
    source: row.source,
    receivedBytes: Number(row.received_bytes),
    totalBytes: Number(row.total_bytes),
    error: row.error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    revision: row.revision,
  });
