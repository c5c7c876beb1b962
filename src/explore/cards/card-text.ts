/** What of a card is shown, in bytes of UTF-8. */
const MOST_BYTES = 256 * 1024;
const MOST_PICTURES = 64;

/** A card as it is shown: without front matter and control characters, cut at the end of a line. */
export function cardText(bytes: Uint8Array, cut: boolean): { markdown: string; truncated: boolean } {
  const text = new TextDecoder()
    .decode(bytes)
    // oxlint-disable-next-line no-control-regex -- a database keeps no NUL, and a page has no use for the others
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .replaceAll('\r\n', '\n');
  const body = withoutFrontMatter(text);
  const encoded = Buffer.from(body);
  if (encoded.length <= MOST_BYTES) return { markdown: body, truncated: cut };
  const kept = encoded.subarray(0, encoded.lastIndexOf(0x0a, MOST_BYTES) + 1 || MOST_BYTES);
  return { markdown: new TextDecoder().decode(kept, { stream: true }), truncated: true };
}

function withoutFrontMatter(text: string): string {
  if (!text.startsWith('---\n')) return text.trimStart();
  const end = /\n(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(text.slice(3));
  // Front matter without an end is all there is.
  return end ? text.slice(3 + end.index + end[0].length).trimStart() : '';
}

// Lengths are limited, so that no text costs more than a pass over it a few times.
const IMAGE =
  /!\[[^\]]{0,300}\]\(\s{0,20}(?:<([^<>\n]{1,2000})>|([^\s()<>]{1,2000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,500})?))/g;
const HTML_IMAGE = /<img\s[^>]{0,600}?\bsrc\s{0,5}=\s{0,5}(?:"([^"]{1,2000})"|'([^']{1,2000})'|([^\s"'>]{1,2000}))/gi;
const REFERENCE =
  /^ {0,3}\[[^\]\n]{1,300}\]:[ \t]{0,20}<?([^\s<>]{1,2000}\.(?:png|jpe?g|gif|webp)(?:\?[^\s<>]{0,500})?)/gim;

/** Where a card has its pictures, each as it is written. It finds more rather than less: what is no picture is told by content. */
export function pictureSources(markdown: string): string[] {
  const found = new Set<string>();
  for (const pattern of [IMAGE, HTML_IMAGE, REFERENCE])
    for (const match of markdown.matchAll(pattern)) {
      const src = match.slice(1).find((group) => group !== undefined)!;
      found.add(src);
      // In HTML and in Markdown alike an entity stands for its character.
      if (src.includes('&amp;')) found.add(src.replaceAll('&amp;', '&'));
      if (found.size >= MOST_PICTURES) return [...found];
    }
  return [...found];
}
