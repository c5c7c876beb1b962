import { EngineError } from '../errors.js';

/** The head of MediaPipe's own container, which lies in the first MiB of every file. */
export const HEAD_BYTES = 2 ** 20;

/** Most entries of a list that are looked at: a file made to keep the page busy has more. */
const MOST = 65_536;

export interface Tfl3Head {
  /** `odml.infra.LlmModelType`. */
  modelType: number;
  /** The base's architecture as it stands in the file; an adapter repeats it. */
  parameters: Uint8Array;
  /** Of an adapter; null for a model. */
  rank: number | null;
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
    const root = new Table(head, head.getUint32(0, true));
    const buffers = root.tables(4).map((buffer) => ({ offset: buffer.uint64(1), bytes: buffer.uint64(2) }));
    if (buffers.some(({ offset, bytes }) => offset + bytes > file.size)) throw wrong('shorter than its tensors');
    const entries = new Map(root.tables(6).map((entry) => [entry.string(0), entry.uint32(1)]));
    const place = buffers[entries.get('odml.infra.proto.LlmParameters') ?? -1];
    const modelType = entries.get('odml.infra.LlmModelType');
    if (!place || modelType === undefined || place.bytes > 65_536) throw wrong('no architecture');
    const parameters = await file.slice(place.offset, place.offset + place.bytes).arrayBuffer();
    return { modelType, parameters: new Uint8Array(parameters), rank: entries.get('lora_rank') ?? null };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw wrong(String(error));
  }
}

export const sameParameters = (a: Tfl3Head, b: Tfl3Head): boolean =>
  a.modelType === b.modelType &&
  a.parameters.length === b.parameters.length &&
  a.parameters.every((byte, at) => byte === b.parameters[at]);

/** One table of a FlatBuffer; DataView refuses whatever points outside. */
class Table {
  constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}

  uint32(field: number): number {
    const place = this.place(field);
    return place === null ? 0 : this.view.getUint32(place, true);
  }

  uint64(field: number): number {
    const place = this.place(field);
    return place === null ? 0 : Number(this.view.getBigUint64(place, true));
  }

  string(field: number): string {
    const at = this.follow(field);
    if (at === null) return '';
    const length = this.view.getUint32(at, true);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, at + 4, length));
  }

  tables(field: number): Table[] {
    const at = this.follow(field);
    if (at === null) return [];
    const length = this.view.getUint32(at, true);
    if (length > MOST) throw new RangeError('too many entries');
    return Array.from({ length }, (_, index) => {
      const place = at + 4 + index * 4;
      return new Table(this.view, place + this.view.getUint32(place, true));
    });
  }

  private follow(field: number): number | null {
    const place = this.place(field);
    return place === null ? null : place + this.view.getUint32(place, true);
  }

  private place(field: number): number | null {
    const table = this.at - this.view.getInt32(this.at, true);
    const slot = 4 + field * 2;
    if (slot >= this.view.getUint16(table, true)) return null;
    const offset = this.view.getUint16(table + slot, true);
    return offset === 0 ? null : this.at + offset;
  }
}
