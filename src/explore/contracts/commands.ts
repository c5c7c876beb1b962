import { command } from '@app/messaging';
import { z } from 'zod';
import { InstalledModelView, InstallView } from './views.js';

const installId = z.uuid();

/** Installs a model of the catalogue in the background. While an install of it runs, that one is answered. */
export class InstallModel extends command(
  'explore.install-model.v1',
  z.object({ catalogueId: z.string().min(1).max(300) }),
  InstallView,
) {}

/** Stops a running install; what was received is kept, so that it can be resumed. */
export class CancelInstall extends command('explore.cancel-install.v1', z.object({ installId }), InstallView) {}

/** Continues a cancelled or failed install with what was already received. */
export class ResumeInstall extends command('explore.resume-install.v1', z.object({ installId }), InstallView) {}

/** Removes a model and its file. If it was the default, the oldest of the others becomes the default. */
export class RemoveModel extends command(
  'explore.remove-model.v1',
  z.object({ modelId: z.string().min(1).max(300) }),
) {}

/** Makes an installed model the one that answers when a request names none. */
export class SetDefaultModel extends command(
  'explore.set-default-model.v1',
  z.object({ modelId: z.string().min(1).max(300) }),
  InstalledModelView,
) {}
