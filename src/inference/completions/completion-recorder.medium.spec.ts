import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ConfigModule, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import { eventMetadata, MessagingModule, runAs } from '@app/messaging';
import { Database, EventStore, PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CompletionRecord } from '../contracts/index.js';
import { CompletionRecorder } from './completion-recorder.js';

let dataDir: string;
let module: TestingModule;

beforeEach(async () => {
  dataDir = mkdtempSync(`${tmpdir()}/parley-completions-`);
  await freshFolder(`${dataDir}/db`);
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ DATA_DIR: dataDir })),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
    ],
    providers: [CompletionRecorder],
  }).compile();
  module.useLogger(false);
  await module.init();
});
afterEach(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const recorder = () => module.get(CompletionRecorder);
const record = (): CompletionRecord => ({
  ...{ completionId: newId(), userId: newId(), status: 'complete', model: 'm', promptTokens: 1, completionTokens: 2 },
  ...{ timeToFirstTokenMs: 3, durationMs: 4 },
});
const stored = () => module.get(EventStore, { strict: false }).read('inference.completions');
const ids = async () =>
  (await stored()).flatMap(({ data }) =>
    (data['completions'] as CompletionRecord[]).map(({ completionId }) => completionId),
  );

it('stores the records of one moment as one event, which belongs to none of the callers', async () => {
  const records = Array.from({ length: 30 }, record);
  await runAs({ actor: { userId: newId(), role: 'user' } }, async () => {
    for (const one of records) await recorder().record(one);
  });
  await expect.poll(ids).toEqual(records.map(({ completionId }) => completionId));
  const events = await stored();
  expect(events).toHaveLength(1);
  expect(events[0]!.metadata.actor).toBeUndefined();
});

it('keeps them while the database fails, and stores each once', async () => {
  const db = module.get(Database, { strict: false });
  await db.query('ALTER TABLE platform.events RENAME TO away');
  const one = record();
  await recorder().record(one);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await db.query('ALTER TABLE platform.away RENAME TO events');
  await expect.poll(ids).toEqual([one.completionId]);
});

it('stores what it has when the process ends, and what comes at the very end', async () => {
  const [before, last] = [record(), record()];
  await recorder().record(before);
  await recorder().beforeApplicationShutdown();
  await recorder().record(last);
  expect(await ids()).toEqual([before.completionId, last.completionId]);
});
