import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListInstalls } from '../contracts/index.js';
import { installColumns, type InstallRow, toInstall } from '../persistence/install-rows.js';

@Handles(ListInstalls)
export class ListInstallsHandler {
  constructor(private readonly db: Database) {}

  async handle(): Promise<ResultOf<ListInstalls>> {
    const rows = await this.db.query<InstallRow>(
      `SELECT ${installColumns} FROM explore.installs ORDER BY created_at DESC, id DESC LIMIT 100`,
    );
    return { items: rows.map((row) => toInstall(row).view()) };
  }
}
