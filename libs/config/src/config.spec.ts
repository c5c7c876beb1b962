import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.js';
import { Settings } from './settings.js';

const problemsOf = (env: Record<string, string>) => {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as ConfigError).problems.map((problem) => problem.variable);
  }
  return [];
};

describe('the settings', () => {
  it('have a default each', () => {
    const config = loadConfig({ DATA_DIR: '/srv/parley' });
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 3000 });
    expect(config.database.url).toBe('pglite:///srv/parley/db');
    expect(config.models.dir).toBe('/srv/parley/models');
  });

  it('take an empty variable as unset', () => {
    expect(loadConfig({ PORT: '', HF_TOKEN: '' }).http.port).toBe(3000);
  });

  it('hold absolute paths, whatever folder the process is moved to', () => {
    const config = loadConfig({ DATA_DIR: 'here', DATABASE_URL: 'pglite://./data/db', MODELS_DIR: '../models' });
    expect(config.database.url).toBe(`pglite://${resolve('data/db')}`);
    expect(config.data.dir).toBe(resolve('here'));
    expect(config.models.dir).toBe(resolve('../models'));
    expect(loadConfig({ DATABASE_URL: 'postgres://u:p@h:5432/n' }).database.url).toBe('postgres://u:p@h:5432/n');
  });

  it('say what would be right, and repeat no value: it may be a secret', () => {
    const wrong = {
      PORT: 'http',
      LOG_FORMAT: 'xml',
      DATABASE_URL: 'postgres://u:hush@host:port/n',
      AUTH_SECRET: 'hush',
    };
    expect(() => loadConfig(wrong)).toThrow(/PORT: must be a whole number from 0 to 65535\n/);
    expect(() => loadConfig(wrong)).toThrow(/LOG_FORMAT: must be one of pretty, json/);
    expect(() => loadConfig(wrong)).toThrow(/DATABASE_URL: must be pglite/);
    expect(() => loadConfig(wrong)).not.toThrow(/hush/);
  });

  it('name every wrong variable at once', () => {
    expect(
      problemsOf({ PORT: 'http', DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud', EXPLORE_SOURCES: 'folder,ftp' }),
    ).toEqual(['PORT', 'DATABASE_URL', 'LOG_LEVEL', 'EXPLORE_SOURCES']);
  });

  it('want the administrator whole', () => {
    expect(problemsOf({ AUTH_ADMIN_EMAIL: 'a@example.org' })).toEqual(['AUTH_ADMIN_PASSWORD']);
    expect(problemsOf({ AUTH_API_KEY: 'pk_0123456789012345678901' })).toEqual(['AUTH_API_KEY']);
  });

  it('want a sender and an address for links with a mail server', () => {
    expect(problemsOf({ SMTP_URL: 'smtp://mail:25' })).toEqual(['SMTP_FROM', 'PUBLIC_URL']);
    const whole = { SMTP_URL: 'smtps://u:p@mail', SMTP_FROM: 'Parley <p@x.org>', PUBLIC_URL: 'https://chat.x.org/' };
    const { notifications } = loadConfig(whole);
    expect(notifications).toMatchObject({ publicUrl: 'https://chat.x.org', smtp: { from: 'Parley <p@x.org>' } });
    expect(problemsOf({ ...whole, SMTP_URL: 'http://mail', SMTP_FROM: 'nobody' })).toEqual(['SMTP_URL', 'SMTP_FROM']);
  });

  it('are all in .env.example, and nothing else is', () => {
    const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const listed = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(Settings.shape));
  });
});
