import { readFileSync } from 'node:fs';
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

  it('name every wrong variable at once', () => {
    expect(
      problemsOf({ PORT: 'http', DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud', EXPLORE_SOURCES: 'folder,ftp' }),
    ).toEqual(['PORT', 'DATABASE_URL', 'LOG_LEVEL', 'EXPLORE_SOURCES']);
  });

  it('want the administrator whole', () => {
    expect(problemsOf({ AUTH_ADMIN_EMAIL: 'a@example.org' })).toEqual(['AUTH_ADMIN_PASSWORD']);
    expect(problemsOf({ AUTH_API_KEY: 'pk_0123456789012345678901' })).toEqual(['AUTH_API_KEY']);
  });

  it('are all in .env.example, and nothing else is', () => {
    const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const listed = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(Settings.shape));
  });
});
