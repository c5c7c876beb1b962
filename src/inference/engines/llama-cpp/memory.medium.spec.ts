import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planContext, readGguf } from '@app/gguf';
import { writeTinyGguf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LlamaCppEngine } from './llama-cpp.engine.js';

const MIB = 2 ** 20;
const parallel = 2;
/** The first context that the engine makes; a longer one only when a conversation needs it. */
const contextTokens = 2048;

describe.skipIf(process.platform !== 'linux')('the estimate of a model', () => {
  let folder: string;
  let engine: LlamaCppEngine;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-memory-'));
    const [small, large] = [join(folder, 'small.gguf'), join(folder, 'large.gguf')];
    await writeTinyGguf(small, { kind: 'random', width: 32, layers: 1, contextLength: contextTokens });
    await writeTinyGguf(large, { kind: 'random', width: 256, layers: 16, contextLength: contextTokens });
    engine = new LlamaCppEngine({ modelsDir: folder, threads: 1, parallel, contextTokens });
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Bytes of the engine's process that are in memory. */
  const resident = async () => {
    const status = await readFile(`/proc/${engine.childPid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  };

  it('is near to what the process really takes, not below it by much, and unloading gives that back', async () => {
    // What the library itself takes is there after the first, which adds next to nothing.
    await engine.warm('small.gguf');
    const before = await resident();
    await engine.warm('large.gguf');
    const taken = (await resident()) - before;
    const info = await readGguf(join(folder, 'large.gguf'));
    const plan = planContext(info, { sequences: parallel, contextTokens, memoryBytes: 2 ** 40 });
    expect(plan.memory.total).toBeGreaterThan(taken - 24 * MIB);
    expect(plan.memory.total).toBeLessThan(taken + 24 * MIB);
    // Unloading gives it back to the system, not to the process alone.
    await engine.unload('large.gguf');
    await expect.poll(async () => (await resident()) - before, { timeout: 10_000 }).toBeLessThan(taken / 4);
  }, 60_000);
});
