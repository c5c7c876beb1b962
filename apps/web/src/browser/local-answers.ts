import { v7 as newId } from 'uuid';
import type { MessageView } from '../api/views.js';
import type { ChatMessage } from '../engines/engine.js';
import { pathTo } from './path-to.js';
import { changeLocal } from './local-conversations.js';

/** The server's own default; a conversation that stays here asks it for nothing. */
const SYSTEM_PROMPT = 'You are a helpful assistant.';

/** Stores a message (or takes the one that is there) and the answer that begins; answers both and the prompt. */
export async function beginLocalAnswer(
  conversationId: string,
  ownerId: string,
  question: { message: MessageView } | { parentId: string },
  model: string,
): Promise<{ message: MessageView; answer: MessageView; prompt: ChatMessage[] }> {
  const now = new Date().toISOString();
  const parentId = 'message' in question ? question.message.id : question.parentId;
  const answer: MessageView = {
    ...{ id: newId(), conversationId, parentId, role: 'assistant', text: '', status: 'pending', runsIn: 'browser' },
    ...{ model, error: null, metadata: null, createdAt: now },
  };
  let path: MessageView[] = [];
  await changeLocal(conversationId, (known) => {
    const text = 'message' in question ? question.message.text : '';
    const empty = { id: conversationId, ownerId, title: titleOf(text), createdAt: now, updatedAt: now, messages: [] };
    const { messages: before, ...rest } = known ?? empty;
    const asked = 'message' in question ? [...before.filter(({ id }) => id !== parentId), question.message] : before;
    path = pathTo(asked, parentId);
    return { ...rest, updatedAt: now, messages: [...asked, answer] };
  });
  return { message: path.at(-1)!, answer, prompt: promptOf(path) };
}

/** As the server makes it: answers without a word are left out, and what was said in a row is one message. */
export function promptOf(path: readonly Pick<MessageView, 'role' | 'text'>[]): ChatMessage[] {
  const prompt: ChatMessage[] = [{ role: 'system', content: SYSTEM_PROMPT }];
  for (const { role, text } of path) {
    const last = prompt.at(-1)!;
    if (text === '') continue;
    if (last.role === role) last.content += `\n\n${text}`;
    else prompt.push({ role, content: text });
  }
  return prompt;
}

const MOST = 60;

function titleOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]!.replace(/\s+/gu, ' ');
  const characters = [...line];
  return characters.length <= MOST ? line : `${characters.slice(0, MOST).join('').trimEnd()}…`;
}
