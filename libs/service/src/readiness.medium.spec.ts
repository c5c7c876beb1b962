import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '@app/config';
import { createApp } from '@app/http';
import { newId } from '@app/kernel';
import { Handles, query } from '@app/messaging';
import { Database } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { service } from './service.js';

class AskHere extends query('here.ask.v1', z.object({}), z.string()) {}
@Handles(AskHere)
class AskHereHandler {
  handle(): string {
    return 'here';
  }
}
@Module({ providers: [AskHereHandler] })
class HereModule {}
@Module({})
class HereHttpModule {}
@Module({})
class FarAwayHttpModule {}

let dataDir: string;
let app: NestFastifyApplication;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-ready-'));
  await freshFolder(join(dataDir, 'db'));
  const gateway = service({
    name: 'gateway',
    modules: [HereModule, HereHttpModule, FarAwayHttpModule],
    queues: [],
    whole: true,
  });
  app = await createApp(gateway(loadConfig({ DATA_DIR: dataDir })), { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(async () => {
  await app?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the readiness of a process that serves HTTP', () => {
  const ready = async () => {
    const { statusCode, body } = await app.inject('/readyz');
    return { statusCode, ...(JSON.parse(body) as object) };
  };
  const db = () => app.get(Database, { strict: false });

  it('needs a live process for each module that is handled elsewhere', async () => {
    const checks = { database: 'up', messages: 'up', here: 'up', 'far-away': 'down' };
    expect(await ready()).toEqual({ statusCode: 503, status: 'unavailable', checks });
    await db().query(
      `INSERT INTO platform.instances
       VALUES ($1, 'distant', '1', '{far-away}', '{}', '{far-away.ask.v1}', '{}', 'h', 1, now(), now(), '{}')`,
      [newId()],
    );
    // The directory may be a second old.
    await expect.poll(ready).toEqual({ statusCode: 200, status: 'ok', checks: { ...checks, 'far-away': 'up' } });
    await db().query(`UPDATE platform.instances SET last_beat = now() - interval '11 s' WHERE service = 'distant'`);
    await expect.poll(ready).toMatchObject({ statusCode: 503, checks });
  });

  it('announced itself with the modules that it handles and those that it serves', async () => {
    const rows = await db().query(
      `SELECT modules, http, types, load FROM platform.instances WHERE service = 'gateway'`,
    );
    expect(rows).toMatchObject([
      { modules: ['here'], http: ['here', 'far-away'], types: ['here.ask.v1'], load: { runningRequests: 0 } },
    ]);
  });
});
