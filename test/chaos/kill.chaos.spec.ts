import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '@app/persistence';
import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import { Reader } from '../support/client.js';
import { prepareDataDir, startTiny, type TinyServer, until } from '../support/tiny-server.js';

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 50);
const TOKENS = 200;
/** Small commits, so that there are many places to be killed at; slow enough that the kill comes in the middle. */
const env = { INFERENCE_GROUP_COMMIT_MS: '3', INFERENCE_THREADS: '1' };
const model = { kind: 'random', width: 256, layers: 4 } as const;
const sampler = { temperature: 0, maxTokens: TOKENS };
const questions = ['Why is the sky blue?', 'Tell me a story about a lighthouse.', 'What is a monad, really?'];

/** Servers that are killed side by side, each with its own data: one alone leaves half of two cores at rest. */
const LANES = 2;

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe('kill -9', () => {
  it(`of the engine, then of the server, ${ROUNDS} times in the middle of an answer loses nothing (seed ${seed})`, async () => {
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      killAgainAndAgain(Math.ceil((ROUNDS - lane) / LANES), dice(seed + lane)),
    );
    const killed = await Promise.all(lanes);
    const [engines, servers] = [sum(killed.map(({ engines }) => engines)), sum(killed.map(({ servers }) => servers))];
    console.log(`killed in the middle of an answer: engine ${engines}, server ${servers}, of ${ROUNDS} rounds`);
    expect(servers).toBeGreaterThan(ROUNDS / 2);
  });
});

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

/** @returns whole numbers from 0 to below a bound, the same for the same seed */
function dice(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state % below;
  };
}

/** So many answers on one server, whose engine and which itself are killed while each of them runs; then all that has to hold. */
async function killAgainAndAgain(times: number, random: (below: number) => number) {
  const dataDir = await prepareDataDir(model);
  let server: TinyServer = await startTiny({ dataDir, env });
  let ready = Promise.resolve(server.client);

  const ask = async (text: string) => {
    const { id } = await server.client.start();
    return (await server.client.send(id, { text, sampler })).answer;
  };
  const reference = new Map<string, string>();
  for (const text of questions) {
    const answer = await ask(text);
    reference.set(text, (await new Reader().read(() => ready, answer)).text);
  }

  const rounds: { answer: MessageView; text: string; reader: Reader }[] = [];
  const killed = { engines: 0, servers: 0 };
  for (let round = 0; round < times; round++) {
    const text = questions[random(questions.length)]!;
    const answer = await ask(text);
    const reader = new Reader();
    const reading = reader.read(async () => {
      await sleep(5);
      return ready;
    }, answer);
    const at = 1 + random(12);
    await until(async () => reader.lastId >= at || reader.done !== null, 4000);
    const engine = server.parley.enginePid();
    if (engine && !reader.done) {
      process.kill(engine, 'SIGKILL');
      killed.engines++;
    }
    const then = reader.lastId + 1 + random(12);
    await until(async () => reader.lastId >= then || reader.done !== null, 4000);
    if (!reader.done) killed.servers++;
    await server.parley.kill('SIGKILL');
    const restart = startTiny({ dataDir, env });
    ready = restart.then(({ client }) => client);
    server = await restart;
    await reading;
    rounds.push({ answer, text, reader });
  }

  for (const { answer, text, reader } of rounds) {
    const stored = await until(async () => {
      const { messages } = await server.client.conversation(answer.conversationId);
      expect(messages).toHaveLength(2);
      return messages.find((message) => message.id === answer.id && message.status !== 'pending');
    });
    expect(reader.breaches).toEqual([]);
    expect(stored.status).toBe('complete');
    expect(stored.text).toBe(reader.text);
    expect(stored.text).toBe(reference.get(text));
    expect(stored.metadata?.completionTokens).toBe(TOKENS);
  }
  await server.parley.kill('SIGTERM');
  await expectSameTokens(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  return killed;
}

/** Token for token, from the log itself. */
async function expectSameTokens(dataDir: string): Promise<void> {
  const db = await Database.connect(`pglite://${join(dataDir, 'db')}`);
  const logs = await db.query<{ question: string; tokens: string }>(
    `SELECT q.text AS question, string_agg(c.token_ids::text, ',' ORDER BY c.sequence) AS tokens
     FROM inference.generations g
     JOIN inference.generation_chunks c ON c.generation_id = g.id
     JOIN chat.messages a ON a.id = g.message_id JOIN chat.messages q ON q.id = a.parent_id
     GROUP BY g.id, q.text`,
  );
  await db.close();
  const flat = (tokens: string) => (JSON.parse(`[${tokens}]`) as number[][]).flat().join(' ');
  for (const text of questions) {
    expect(new Set(logs.filter((log) => log.question === text).map((log) => flat(log.tokens))).size).toBe(1);
  }
}
