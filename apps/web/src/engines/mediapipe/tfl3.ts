import { EngineError } from '../errors.js';
import { Table } from './flat-table.js';

/** The head of MediaPipe's own container, which lies in the first MiB of every file. */
export const HEAD_BYTES = 2 ** 20;

export interface Tfl3Head {
  /** `odml.infra.LlmModelType`. */
  modelType: number;
  /** The base's architecture as it stands in the file; an adapter repeats it. */
  parameters: Uint8Array;
  /** Of an adapter; null for a model. */
  rank: number | null;
  /** Of its largest tensor, which must lie in one buffer of the graphics device. */
  largestBytes: number;
}

/**
 * Reads what must be known before the engine sees a file: a wrong one would not be refused by it but hang, or end the
 * whole page. Throws `engine.wrong-format`.
 */
export async function readTfl3(file: Blob): Promise<Tfl3Head> {
  const wrong = (reason: string) => new EngineError('engine.wrong-format', reason);
  if (file.size < HEAD_BYTES) throw wrong('shorter than a head');
  const head = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (head.getUint32(4, true) !== 0x334c4654) throw wrong('no TFL3 file');
  try {
    const root = Table.root(head);
    const buffers = root.tables(4).map((buffer) => ({ offset: buffer.uint64(1), bytes: buffer.uint64(2) }));
    if (buffers.some(({ offset, bytes }) => offset + bytes > file.size)) throw wrong('shorter than its tensors');
    const largestBytes = buffers.reduce((most, { bytes }) => Math.max(most, bytes), 0);
    const entries = new Map(root.tables(6).map((entry) => [entry.string(0), entry.uint32(1)]));
    const place = buffers[entries.get('odml.infra.proto.LlmParameters') ?? -1];
    const modelType = entries.get('odml.infra.LlmModelType');
    if (!place || modelType === undefined || place.bytes > 65_536) throw wrong('no architecture');
    const parameters = await file.slice(place.offset, place.offset + place.bytes).arrayBuffer();
    return { modelType, parameters: new Uint8Array(parameters), rank: entries.get('lora_rank') ?? null, largestBytes };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw wrong(String(error));
  }
}

export const sameParameters = (a: Tfl3Head, b: Tfl3Head): boolean =>
  a.modelType === b.modelType &&
  a.parameters.length === b.parameters.length &&
  a.parameters.every((byte, at) => byte === b.parameters[at]);
