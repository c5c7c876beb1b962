import { query, streamQuery } from '@app/messaging';
import { z } from 'zod';
import { CatalogueView, InstalledModelList, InstallList, InstallView } from './views.js';

/** Everything that can be installed, with the state of its latest install. */
export class ListCatalogue extends query('explore.list-catalogue.v1', z.object({}), CatalogueView) {}

/** The latest installs, newest first. */
export class ListInstalls extends query('explore.list-installs.v1', z.object({}), InstallList) {}

export class GetInstall extends query('explore.get-install.v1', z.object({ installId: z.uuid() }), InstallView) {}

/** Follows an install: its state now, then each change (a slow reader skips to the newest), until it is final. */
export class StreamInstall extends streamQuery(
  'explore.stream-install.v1',
  z.object({ installId: z.uuid() }),
  InstallView,
) {}

/** The models whose files are on this server. */
export class ListInstalledModels extends query('explore.list-installed-models.v1', z.object({}), InstalledModelList) {}
