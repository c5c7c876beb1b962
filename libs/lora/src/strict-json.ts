import { problem, shown } from './problem.js';

/**
 * JSON from a stranger: refuses nesting deeper than `maxDepth` before anything is built, and a key that is there twice
 * (two readers would see two different files). Throws `explore.adapter-bad-json` and `explore.adapter-duplicate-key`.
 */
export function parseStrictJson(text: string, maxDepth: number): unknown {
  checkStructure(text, maxDepth);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw problem('bad-json', 'The adapter holds JSON that cannot be read.');
  }
}

/** Looks at strings, brackets and colons only; whether the rest is JSON is left to the real parser. */
function checkStructure(text: string, maxDepth: number): void {
  const open: (Set<string> | null)[] = [];
  let last = '""';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      last = text.slice(at, end + 1);
      at = end;
    } else if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : null) > maxDepth)
        throw problem('bad-json', 'The adapter holds JSON that is nested too deeply.', { maxDepth });
    } else if (character === '}' || character === ']') open.pop();
    else if (character === ':') addKey(open.at(-1), last);
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** "\u0061" and "a" are one key. */
function addKey(keys: Set<string> | null | undefined, quoted: string): void {
  let key: string;
  try {
    key = JSON.parse(quoted) as string;
  } catch {
    throw problem('bad-json', 'The adapter holds JSON that cannot be read.');
  }
  if (keys?.has(key)) throw problem('duplicate-key', 'The adapter holds a JSON key twice.', { key: shown(key) });
  keys?.add(key);
}
