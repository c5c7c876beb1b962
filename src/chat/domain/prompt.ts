export interface PromptMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/**
 * What a model is given for an answer. Answers that failed before they said anything are left out, and what a person
 * said in a row becomes one message, because many chat templates refuse roles that do not take turns.
 *
 * @param path the messages from the first to the one to be answered
 */
export function promptOf(systemPrompt: string, path: readonly PromptMessage[]): PromptMessage[] {
  const prompt: PromptMessage[] = [{ role: 'system', content: systemPrompt }];
  for (const { role, content } of path) {
    const last = prompt.at(-1)!;
    if (content === '') continue;
    if (last.role === role) last.content += `\n\n${content}`;
    else prompt.push({ role, content });
  }
  return prompt;
}
