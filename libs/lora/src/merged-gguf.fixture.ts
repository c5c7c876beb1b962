import { open, readFile } from 'node:fs/promises';
import { fileSource, parseGgufHeader } from '@app/gguf';
import { ggufNames, shapesOf, type MadeUpdate, type Sizes } from './lora.fixture.js';

/** A 32-bit llama GGUF with what each update adds written into its weights, in llama.cpp's order of rows. */
export async function mergedGguf(
  path: string,
  updates: readonly MadeUpdate[],
  deltaOf: (update: MadeUpdate) => Float64Array,
  of: Sizes,
): Promise<Buffer> {
  await using handle = await open(path, 'r');
  const { tensors, dataStart } = await parseGgufHeader(await fileSource(handle));
  const bytes = await readFile(path);
  for (const update of updates) {
    const name = `blk.${update.layer}.${ggufNames[update.module]}.weight`;
    const tensor = tensors.find((tensor) => tensor.name === name);
    if (tensor?.type !== 'F32') throw new Error(`${name} is not there as F32.`);
    const [rows, columns] = shapesOf(of)[update.module];
    const delta = deltaOf(update);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const at = dataStart + tensor.offset + (placeOf(row, update, of) * columns + column) * 4;
        bytes.writeFloatLE(bytes.readFloatLE(at) + delta[row * columns + column]!, at);
      }
  }
  return bytes;
}

/** Where llama.cpp has a row of the author's: the halves of a head of q and k are interleaved. */
function placeOf(row: number, { module }: MadeUpdate, { headWidth }: Sizes): number {
  if (module !== 'q' && module !== 'k') return row;
  const inHead = row % headWidth;
  const half = headWidth / 2;
  return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
}
