/** A file of gigabytes is not read in more than so large pieces, and a small one not in fewer than so many. */
const MOST_BYTES = 2 ** 22;
const FEWEST_PIECES = 32;

/**
 * Reads the file in its own time and tells how far it is, from 0 to 1.
 *
 * The library splits the stream to look what format it is. When the end of the stream comes while it looks, as it does
 * with a file of two or three pieces, the split breaks, what was read is lost and the load never ends: so there are many
 * pieces, and the end comes with the last one. It also takes a piece to begin where its buffer begins.
 */
export function modelPieces(
  file: Blob,
  onProgress: (progress: number) => void,
): ReadableStreamDefaultReader<Uint8Array> {
  const size = Math.max(1, Math.min(MOST_BYTES, Math.ceil(file.size / FEWEST_PIECES)));
  let read = 0;
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = new Uint8Array(await file.slice(read, read + size).arrayBuffer());
      read += piece.length;
      onProgress(file.size === 0 ? 1 : read / file.size);
      if (piece.length > 0) controller.enqueue(piece);
      if (read >= file.size) controller.close();
    },
  });
  return pieces.getReader();
}
