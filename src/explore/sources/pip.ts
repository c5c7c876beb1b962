import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { notAtSource, sourceUnavailable } from '../domain/errors.js';

// pip needs its own settings and the way to the network; the server's secrets are none of its business.
const passed =
  /^(PATH|HOME|USERPROFILE|SYSTEMROOT|LANG|LC_\w+|PIP_\w+|\w+_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|XDG_\w+|VIRTUAL_ENV|PYENV\w*|(LOCAL)?APPDATA|TEMP|TMP)$/i;

export interface PipOptions {
  /** The interpreter that has pip. */
  python: string;
  /** More arguments of `pip download`, e.g. `--no-index --find-links <folder>`. */
  args: readonly string[];
}

/**
 * Fetches one wheel into `folder`, with pip's temporary files under `temp`. Wheels only: a source package would run its
 * own code while it is unpacked.
 */
export async function pipDownload(
  requirement: string,
  folder: string,
  temp: string,
  options: PipOptions,
  signal: AbortSignal,
): Promise<void> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input', '--no-cache-dir'];
  args.push('--disable-pip-version-check', '--progress-bar=off', '--retries=2', '--timeout=20');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
  const child = spawn(options.python, [...args, ...options.args, '--dest', folder, requirement], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...env, TMPDIR: temp, TEMP: temp, TMP: temp },
    signal,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = `${errors}${text}`.slice(-8192)));
  const [code] = (await once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    throw sourceUnavailable('pypi', `Python with pip is needed and cannot be started (${error.code}).`, error);
  })) as [number | null];
  signal.throwIfAborted();
  if (code !== 0) throw failure(requirement, errors);
}

function failure(requirement: string, errors: string): Error {
  // In the words of the file system, so that the download tells it like any other full disk.
  if (/No space left on device|Disk quota exceeded/i.test(errors))
    return Object.assign(new Error('pip: no space left on device'), { code: 'ENOSPC' });
  if (/No module named pip/i.test(errors)) return sourceUnavailable('pypi', 'Python is here, but without pip.');
  // pip says "no matching distribution" too when it could not reach the index at all.
  const unreachable = /Retrying \(|connection broken|Temporary failure|NewConnectionError|ConnectTimeout|ProxyError/i;
  if (unreachable.test(errors)) return sourceUnavailable('pypi', 'The package index cannot be reached.');
  if (/No matching distribution found/i.test(errors))
    return notAtSource('pypi', `The package index has no wheel of ${requirement}.`);
  const last = errors.trim().split('\n').at(-1)?.slice(0, 300);
  return sourceUnavailable('pypi', `pip could not fetch ${requirement}: ${last || 'no reason given'}`);
}
