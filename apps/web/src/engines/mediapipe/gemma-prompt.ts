import type { ChatMessage } from '../engine.js';

/**
 * The turns of Gemma, which MediaPipe leaves to the page. Gemma knows no system turn: as its own template does, the text
 * goes before the first thing that the person says.
 */
export function gemmaPrompt(messages: readonly ChatMessage[]): string {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  let before = system.length > 0 ? `${system.join('\n\n')}\n\n` : '';
  let prompt = '';
  for (const { role, content } of messages) {
    if (role === 'system') continue;
    const text = role === 'user' ? before + content : content;
    if (role === 'user') before = '';
    prompt += `<start_of_turn>${role === 'user' ? 'user' : 'model'}\n${plain(text).trim()}<end_of_turn>\n`;
  }
  return `${prompt}<start_of_turn>model\n`;
}

/** What somebody writes can open or close no turn. */
const plain = (text: string) => text.replace(/<(start|end)_of_turn>/g, '<$1 of turn>');
