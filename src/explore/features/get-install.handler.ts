import { type DataOf, Handles } from '@app/messaging';
import { GetInstall, type InstallView } from '../contracts/index.js';
import { installNotFound } from '../domain/errors.js';
import { Installs } from '../domain/installs.js';

@Handles(GetInstall)
export class GetInstallHandler {
  constructor(private readonly installs: Installs) {}

  async handle({ installId }: DataOf<GetInstall>): Promise<InstallView> {
    const install = await this.installs.find(installId);
    if (!install) throw installNotFound(installId);
    return install.view();
  }
}
