import { ConfigError, loadConfig } from '@app/config';
import { beginOpening, embeddedFolderOf } from '@app/embedded';

/** Has the embedded database compiled while everything else is loaded. */
export async function begin(): Promise<void> {
  try {
    const folder = embeddedFolderOf(loadConfig(process.env).database.url);
    if (folder !== null) await beginOpening(folder);
  } catch (error) {
    // Who reads the settings to run says what is wrong with them.
    if (!(error instanceof ConfigError)) throw error;
  }
}
