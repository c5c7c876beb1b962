const MOST = 60;

/** What a conversation is called before it has a title. */
export const UNTITLED = 'New chat';

/** A title from the first thing that was said: its first line without Markdown marks, cut at a word. */
export function titleOf(text: string): string {
  const line =
    text
      .split('\n')
      .map((part) => part.replace(/^[\s#>*`~-]+|[\s*`~]+$/gu, '').replace(/\s+/gu, ' '))
      .find((part) => part !== '') ?? UNTITLED;
  const characters = [...line];
  if (characters.length <= MOST) return line;
  const cut = characters.slice(0, MOST).join('');
  const space = cut.lastIndexOf(' ');
  return `${(space > MOST / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}
