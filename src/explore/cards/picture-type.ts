import type { PlacedPicture } from '../contracts/index.js';

/** What the first bytes say; null for anything else. SVG is a document that can run scripts, and never a picture here. */
export function pictureType(bytes: Buffer): PlacedPicture['type'] | null {
  const at = (from: number, text: string) => bytes.toString('latin1', from, from + text.length) === text;
  if (at(0, '\x89PNG\r\n\x1a\n') && at(12, 'IHDR')) return 'image/png';
  if (at(0, '\xff\xd8\xff')) return 'image/jpeg';
  if (at(0, 'GIF87a') || at(0, 'GIF89a')) return 'image/gif';
  if (at(0, 'RIFF') && at(8, 'WEBP')) return 'image/webp';
  return null;
}
