import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../architecture/cruise.js';

const path = join(root, 'docs/operations.md');
const section = /(<!-- settings: [^>]+-->)[^]*(<!-- \/settings -->)/;

/** docs/operations.md with the table of settings that `.env.example` describes. */
export async function operationsWithSettings(): Promise<string> {
  const rows = settings().map(({ name, about, initial }) => `| \`${name}\` | ${initial} | ${about} |`);
  const table = ['| setting | default | what |', '| --- | --- | --- |', ...rows].join('\n');
  const text = readFileSync(path, 'utf8');
  if (!section.test(text)) throw new Error('docs/operations.md has lost the comments around its table of settings');
  const filled = text.replace(section, (_, begin: string, end: string) => `${begin}\n\n${table}\n\n${end}`);
  return format(filled, { ...(await resolveConfig(path)), parser: 'markdown' });
}

/** Every `#NAME=default` with the comment above it. A spec of libs/config holds the file to the schema. */
function settings(): { name: string; initial: string; about: string }[] {
  const example = readFileSync(join(root, '.env.example'), 'utf8');
  return [...example.matchAll(/((?:^# .+\n)+)^#([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, comment = '', name = '', initial = '']) => ({
      name,
      initial: initial && `\`${initial}\``,
      about: comment
        .replaceAll(/^# /gm, '')
        .trim()
        .replaceAll('\n', ' ')
        .replaceAll('|', '\\|')
        .replaceAll(/<[^>]+>/g, '`$&`'),
    }),
  );
}
