import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../engine.js';
import { gemmaPrompt } from './gemma-prompt.js';

const turn = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content });

describe('a prompt for Gemma', () => {
  it('has a turn a message, the system text before the first question, and ends where the model goes on', () => {
    const messages = [turn('system', 'Be kind.'), turn('user', 'a'), turn('assistant', 'b'), turn('user', 'c')];
    expect(gemmaPrompt(messages)).toBe(
      '<start_of_turn>user\nBe kind.\n\na<end_of_turn>\n<start_of_turn>model\nb<end_of_turn>\n' +
        '<start_of_turn>user\nc<end_of_turn>\n<start_of_turn>model\n',
    );
  });

  it('lets nobody open or close a turn by what is written', () => {
    const text = fc
      .array(fc.constantFrom('<start_of_turn>', '<end_of_turn>', 'model', '\n', 'a'))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, (content) => {
        const prompt = gemmaPrompt([turn('user', content)]);
        expect(prompt.match(/<start_of_turn>/g)).toHaveLength(2);
        expect(prompt.match(/<end_of_turn>/g)).toHaveLength(1);
      }),
    );
  });
});
