import type { Actor } from '@app/messaging';
import type {
  AdapterEncoding,
  AdapterStatus,
  AdapterVersionView,
  AdapterView,
  InstallError,
  Visibility,
} from '../contracts/index.js';

export interface AdapterRow {
  id: string;
  owner_id: string;
  name: string;
  description: string;
  license: string | null;
  visibility: Visibility;
  visible_to: 'admin' | 'user' | null;
  base_digest: string | null;
  browser_base_digest: string | null;
  created_at: Date;
  updated_at: Date;
  base_model: string | null;
  browser_model: string | null;
  versions: VersionJson[] | null;
}

interface VersionJson {
  id: string;
  number: number;
  status: AdapterStatus;
  step: string | null;
  progress: number;
  error: InstallError | null;
  notes: InstallError[];
  rank: number | null;
  scale: number | null;
  made_for: string | null;
  created_at: string;
  files: { encoding: AdapterEncoding; digest: string; size_bytes: number }[];
}

/** An adapter with the ids of its bases and its versions, to be followed by conditions on `a`. */
export const selectAdapters = `
  SELECT a.*,
    (SELECT m.id FROM explore.models m WHERE m.digest = a.base_digest AND m.available) AS base_model,
    (SELECT b.id FROM explore.browser_models b WHERE b.digest = a.browser_base_digest) AS browser_model,
    (SELECT json_agg(json_build_object(
        'id', v.id, 'number', v.number, 'status', v.status, 'step', v.step, 'progress', v.progress, 'error', v.error,
        'notes', v.notes, 'rank', v.rank, 'scale', v.scale, 'made_for', v.made_for, 'created_at', v.created_at,
        'files', (SELECT coalesce(json_agg(json_build_object(
            'encoding', f.encoding, 'digest', f.digest, 'size_bytes', f.size_bytes) ORDER BY f.encoding), '[]')
          FROM explore.adapter_files f WHERE f.version_id = v.id)
      ) ORDER BY v.number DESC)
     FROM (SELECT * FROM explore.adapter_versions WHERE adapter_id = a.id ORDER BY number DESC LIMIT 50) v) AS versions
  FROM explore.adapters a`;

/** True for the rows of `a` that the account \`$1\` of the role \`$2\` may see. */
export const visibleToActor = `(a.owner_id = $1 OR a.visibility = 'public' OR (a.visibility = 'group' AND a.visible_to = $2))`;

export type UrlOf = (file: { sha256: string; name: string }) => string;

/** Whoever sees an adapter and is its owner or an administrator may change it. */
export const mayChange = (ownerId: string, actor: Actor): boolean => ownerId === actor.userId || actor.role === 'admin';

export function toAdapterView(row: AdapterRow, actor: Actor, urlOf: UrlOf): AdapterView {
  const base = (digest: string | null, modelId: string | null) => digest && { digest, modelId };
  const versions = (row.versions ?? []).map((version) => toVersion(version, row.name, urlOf));
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    license: row.license,
    ownerId: row.owner_id,
    mine: mayChange(row.owner_id, actor),
    visibility: row.visibility,
    group: row.visible_to,
    base: base(row.base_digest, row.base_model) || null,
    browserBase: base(row.browser_base_digest, row.browser_model) || null,
    current: versions.find(({ status }) => status === 'ready')?.number ?? null,
    versions,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function toVersion({ files, made_for, created_at, ...version }: VersionJson, name: string, urlOf: UrlOf) {
  const view: AdapterVersionView = {
    ...version,
    madeFor: made_for,
    createdAt: new Date(created_at).toISOString(),
    files: files.map(({ encoding, digest: sha256, size_bytes: sizeBytes }) => ({
      ...{ encoding, sha256, sizeBytes },
      url: urlOf({ sha256, name: fileNameOf(name, encoding) }),
    })),
  };
  return view;
}

const extension = { gguf: 'gguf', mediapipe: 'bin' } as const;

/** A safe file name that says what it is. */
export function fileNameOf(name: string, encoding: AdapterEncoding): string {
  const slug = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60);
  return `${slug || 'adapter'}.lora.${extension[encoding]}`;
}
