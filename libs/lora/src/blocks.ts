/**
 * MediaPipe keeps a matrix of rows × columns in blocks of four by four: slices of columns outside, slices of rows inside,
 * and in a block column by column. Both sizes are multiples of four.
 */
export const blockSize = 4;

function place(row: number, column: number, rows: number): number {
  return ((column >> 2) * (rows >> 2) + (row >> 2)) * 16 + (column & 3) * 4 + (row & 3);
}

export function toBlocks(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const blocks = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) blocks[place(row, column, rows)] = matrix[row * columns + column]!;
  return blocks;
}

export function fromBlocks(blocks: Float32Array, rows: number, columns: number): Float32Array {
  const matrix = new Float32Array(blocks.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) matrix[row * columns + column] = blocks[place(row, column, rows)]!;
  return matrix;
}
