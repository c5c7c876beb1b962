import { ConfigError, loadConfig } from '@app/config';
import { beginOpening } from '@app/embedded';

const EMBEDDED = 'pglite://';

/** Has the embedded database compiled while everything else is loaded. */
export async function begin(): Promise<void> {
  try {
    const { url } = loadConfig(process.env).database;
    if (url.startsWith(EMBEDDED)) await beginOpening(url.slice(EMBEDDED.length));
  } catch (error) {
    // Who reads the settings to run says what is wrong with them.
    if (!(error instanceof ConfigError)) throw error;
  }
}
