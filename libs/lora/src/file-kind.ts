import type { ByteSource } from '@app/gguf';
import { limits } from './limits.js';
import { problem } from './problem.js';

/** What a file is by its content; its name is never asked. */
export type AdapterFileKind = 'gguf' | 'safetensors' | 'mediapipe';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const startsWith = (head: Uint8Array, text: string, at = 0) => latin1(head).startsWith(text, at);

/** Formats that people have adapters and models in and that are refused: how they begin, and why. */
const refused: [code: string, reason: string, is: (head: Uint8Array) => boolean][] = [
  ['litertlm', 'A .litertlm package takes no LoRA adapters.', (head) => startsWith(head, 'LITERTLM')],
  [
    'pickle',
    'The file is a PyTorch pickle, which can run code when it is read. Save the adapter as safetensors.',
    (head) => isPickle(head) || (startsWith(head, 'PK\x03\x04') && /data\.pkl|\.pkl|\/byteorder/.test(latin1(head))),
  ],
  ['archive', 'The file is an archive. Upload the files in it one by one.', isArchive],
];

/** Reads the first bytes. Throws `explore.adapter-pickle`, `-archive`, `-litertlm` and `-unknown-format`. */
export async function detectAdapterFile(source: ByteSource): Promise<AdapterFileKind> {
  const head = await source.read(0, Math.min(512, source.size));
  if (head.length >= 16) {
    if (startsWith(head, 'GGUF')) return 'gguf';
    if (startsWith(head, 'TFL3', 4)) return 'mediapipe';
    const headerBytes = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    if (headerBytes <= BigInt(limits.headerBytes) && head[8] === 0x7b) return 'safetensors';
  }
  for (const [code, reason, is] of refused) if (is(head)) throw problem(code, reason);
  throw problem('unknown-format', 'The file is neither GGUF nor safetensors nor a LoRA file of MediaPipe.');
}

/** Protocols 2 to 5 begin with PROTO and the number; older ones with MARK, an empty list or dict, or GLOBAL. */
function isPickle(head: Uint8Array): boolean {
  const [first, second = 0] = head;
  if (first === 0x80) return second >= 1 && second <= 5;
  return /^(?:\(dp|\(lp|c[\w.]+\n[\w.]+\n|\}q|\]q)/.test(latin1(head));
}

function isArchive(head: Uint8Array): boolean {
  return (
    ['PK\x03\x04', 'PK\x05\x06', '\x1f\x8b', '7z\xbc\xaf\x27\x1c', 'Rar!', 'BZh', '\xfd7zXZ', '\x28\xb5\x2f\xfd'].some(
      (magic) => startsWith(head, magic),
    ) ||
    startsWith(head, 'PK', 4) || // a .task bundle of MediaPipe
    startsWith(head, 'ustar', 257)
  );
}
