import { randomUUID } from 'node:crypto';
import { createContext, Script } from 'node:vm';
import { Template } from '@huggingface/jinja';
import type { LlamaModel, Token } from 'node-llama-cpp';
import type { ChatMessage } from '../../../domain/engine.js';
import { Failure } from './failure.js';
import { sharedLength } from './shared-length.js';

const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const chatMlEnds = ['<|im_end|>', '<|im_start|>'];
const templateMs = 2_000;
const templateBytes = 1_000_000;

/** Turns messages into the tokens that the model was trained on, by the chat template of its file. */
export class ChatPrompt {
  /** Texts that end an answer because the model has no token for it. */
  readonly stop: string[];
  readonly #model: LlamaModel;
  readonly #source: string;
  #template: Template | undefined;
  /** The last system message, and how prompts with it begin. */
  #beginning: { system: string; tokens: Token[] } = { system: '', tokens: [] };

  constructor(model: LlamaModel) {
    const source = model.fileInfo.metadata?.tokenizer?.chat_template;
    this.#model = model;
    this.#source = typeof source === 'string' && source !== '' ? source : chatMl;
    this.stop = this.#source === chatMl ? chatMlEnds : [];
  }

  tokens(messages: ChatMessage[]): Token[] {
    const guard = new RoleGuard(this.#model);
    const tokens = guard.tokenize(this.#render(messages.map((message) => guard.mask(message))));
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    // Many templates write the token themselves; twice would confuse the model.
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    if (tokens.length === 0) throw refused('it gives an empty prompt');
    return tokens;
  }

  /** How many tokens at the start of this prompt of these messages come from the system message, not from the talk. */
  headOf(prompt: readonly Token[], messages: ChatMessage[]): number {
    const system = messages[0]?.role === 'system' ? messages[0].content : '';
    if (system === '') return 0;
    if (this.#beginning.system !== system) {
      const [one, other] = ['0', 'x'].map((content) => this.tokens([messages[0]!, { role: 'user', content }])) as [
        Token[],
        Token[],
      ];
      this.#beginning = { system, tokens: one.slice(0, sharedLength(one, other)) };
    }
    return sharedLength(this.#beginning.tokens, prompt);
  }

  #render(messages: ChatMessage[]): string {
    try {
      return this.#run(messages);
    } catch (error) {
      if (messages[0]?.role !== 'system' || error instanceof Failure) throw asFailure(error);
      // Some templates know no system role: say it at the start of the first question instead.
      const [system, first, ...rest] = messages;
      if (first?.role !== 'user') throw asFailure(error);
      try {
        return this.#run([{ role: 'user', content: `${system.content}\n\n${first.content}` }, ...rest]);
      } catch {
        throw asFailure(error);
      }
    }
  }

  #run(messages: ChatMessage[]): string {
    const { bosString, eosString } = this.#model.tokens;
    const text = withinTime(() => {
      this.#template ??= new Template(this.#source);
      return this.#template.render({
        messages,
        add_generation_prompt: true,
        bos_token: bosString ?? '',
        eos_token: eosString ?? '',
      });
    });
    const written = messages.reduce((sum, { content }) => sum + content.length, 0);
    if (typeof text !== 'string' || text.length > 4 * written + templateBytes) throw refused('its text is too long');
    return text;
  }
}

/**
 * A user may write the model's own role marks. Such texts are taken out before the template is rendered and put back
 * as plain characters, so that nobody can speak in another role's name.
 */
class RoleGuard {
  readonly #model: LlamaModel;
  readonly #mark = `\uE000${randomUUID()}:`;
  readonly #masked: string[] = [];

  constructor(model: LlamaModel) {
    this.#model = model;
  }

  mask(message: ChatMessage): ChatMessage {
    const marks = new Set(this.#model.tokenize(message.content, true).filter((token) => this.#isRoleMark(token)));
    let content = message.content;
    for (const token of marks) {
      const text = this.#model.detokenize([token], true);
      if (text === '') continue;
      content = content.replaceAll(text, `${this.#mark}${this.#masked.length}\uE001`);
      this.#masked.push(text);
    }
    return { role: message.role, content };
  }

  tokenize(text: string): Token[] {
    if (this.#masked.length === 0) return this.#model.tokenize(text, true);
    return text.split(this.#mark).flatMap((part, place) => {
      if (place === 0) return this.#model.tokenize(part, true);
      const [index, rest] = [part.slice(0, part.indexOf('\uE001')), part.slice(part.indexOf('\uE001') + 1)];
      return [...this.#plain(this.#masked[Number(index)] ?? ''), ...this.#model.tokenize(rest, true)];
    });
  }

  /** In two halves, because some tokenizers find such tokens in any text. */
  #plain(text: string): Token[] {
    const half = Math.ceil(text.length / 2);
    return [text.slice(0, half), text.slice(half)].flatMap((part) => this.#model.tokenize(part, false));
  }

  #isRoleMark(token: Token): boolean {
    const attributes = this.#model.getTokenAttributes(token);
    if (attributes.control) return true;
    // Some files declare their role tokens as "user defined", like runs of spaces: tell them by their look.
    return attributes.userDefined && /^<[|｜].*[|｜]>$/.test(this.#model.detokenize([token], true));
  }
}

const sandbox = createContext({ work: (): unknown => undefined });
const script = new Script('work()');

/** The template comes from the model file: one that never ends is stopped. */
function withinTime(work: () => string): string {
  sandbox['work'] = work;
  return script.runInContext(sandbox, { timeout: templateMs }) as string;
}

const refused = (reason: string) =>
  new Failure('invalid', 'inference.template-refused', `The chat template of the model refuses this: ${reason}.`);

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return refused('it takes too long');
  return refused(error instanceof Error ? error.message.slice(0, 200) : 'it fails');
}
