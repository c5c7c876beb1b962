/**
 * Completes what the end of a growing text has opened and not yet closed (`**bold`, `` `code ``, `[link](htt`), so that
 * a reader never sees the bare marks flash by. For the block that is still being written, and only for showing it.
 */
export function heal(raw: string): string {
  if (/^ {0,3}(```|~~~)/.test(raw)) return raw; // An open fence is closed by the parser itself.
  const line = raw.slice(raw.lastIndexOf('\n\n') + 1);
  const ticks = line.match(/`+/g)?.at(-1);
  if (ticks && (line.split('`').length - 1) % 2 === 1) return raw + '`';
  const bare = line.replace(/`[^`]*`/g, (code) => '·'.repeat(code.length));

  const link = /!?\[[^\]]*(\]\([^)\s]*)?$/.exec(bare);
  if (link) {
    const opened = raw.slice(raw.length - link[0].length);
    const label = opened.replace(/^!?\[/, '').replace(/\]\([^)]*$/, '');
    return heal(raw.slice(0, raw.length - link[0].length) + label);
  }

  for (const mark of ['**', '~~', '__']) {
    const count = bare.split(mark).length - 1;
    if (count % 2 === 1) return closed(raw, mark);
  }
  const single = bare
    .replaceAll('**', '')
    .replace(/^\s*[*+-] /gm, '')
    .replace(/\s\*(?=\s)/g, '');
  if ((single.split('*').length - 1) % 2 === 1) return closed(raw, '*');
  return raw;
}

/** A mark with nothing behind it yet is left out rather than closed. */
function closed(raw: string, mark: string): string {
  const text = raw.trimEnd();
  return text.endsWith(mark) ? text.slice(0, -mark.length) : text + mark;
}
