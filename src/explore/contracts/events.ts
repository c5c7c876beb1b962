import { event } from '@app/messaging';
import { z } from 'zod';
import { Digest } from './views.js';

/** A model's checked file lies at `<MODELS_DIR>/<digest>.gguf` and may be loaded. */
export class ModelInstalled extends event(
  'explore.model.installed.v1',
  z.object({
    modelId: z.string(),
    name: z.string(),
    digest: Digest,
    sizeBytes: z.number(),
    architecture: z.string(),
    contextLength: z.number(),
    license: z.string().nullable(),
    default: z.boolean(),
  }),
) {}

/** The model can no longer be loaded: removed by an administrator, or its file is gone. */
export class ModelRemoved extends event(
  'explore.model.removed.v1',
  z.object({ modelId: z.string(), digest: Digest }),
) {}

export class DefaultModelChanged extends event('explore.default-model.changed.v1', z.object({ modelId: z.string() })) {}

/** Someone (or the first start) asked for an install, or for its continuation. */
export class InstallRequested extends event('explore.install.requested.v1', z.object({ installId: z.uuid() })) {}

export class InstallCancelled extends event('explore.install.cancelled.v1', z.object({ installId: z.uuid() })) {}

/** No source could deliver the model; `message` lists each source's reason. */
export class InstallFailed extends event(
  'explore.install.failed.v1',
  z.object({ installId: z.uuid(), catalogueId: z.string(), code: z.string(), message: z.string() }),
) {}
