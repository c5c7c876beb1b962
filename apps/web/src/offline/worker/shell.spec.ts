import { describe, expect, it } from 'vitest';
import { type Build, renewedParts, wayOf } from './shell.js';

const build: Build = {
  version: '1',
  shell: { '/': 'ab', '/theme.js': 'cd', '/assets/index-C4rPxKa2.js': null },
  parts: ['/assets/genai-Ab_d-fg1.wasm'],
};
const origin = 'https://parley.example';
const way = (path: string, mode: RequestMode = 'cors', method = 'GET') =>
  wayOf(build, { url: new URL(path, origin).href, mode, method }, origin);

describe('the service worker', () => {
  it('never touches what the API, programs and other hosts answer', () => {
    for (const path of [
      '/api/conversations',
      '/v1/models',
      '/files/ab/x.gguf',
      '/healthz',
      '/docs',
      '/assets/unknown.js',
    ])
      expect(way(path)).toBe('pass');
    expect(way('/api/auth/callback', 'navigate')).toBe('pass');
    expect(way('https://elsewhere.example/assets/index-C4rPxKa2.js')).toBe('pass');
    expect(way('/', 'navigate', 'POST')).toBe('pass');
  });

  it('answers pages and files of changing content from the server first, hashed ones from here, engines after their first use', () => {
    expect([way('/', 'navigate'), way('/c/0199?x=1', 'navigate'), way('/storage', 'navigate')]).toEqual(
      Array(3).fill('page'),
    );
    expect(way('/theme.js')).toBe('newest');
    expect(way('/assets/index-C4rPxKa2.js')).toBe('kept');
    expect(way('/assets/genai-Ab_d-fg1.wasm')).toBe('part');
  });

  it('renews engines that were used before, and fetches no others', () => {
    expect(renewedParts(build, ['/assets/genai-00000000.wasm'])).toEqual(build.parts);
    expect(renewedParts(build, build.parts)).toEqual([]);
    expect(renewedParts(build, ['/assets/wllama-00000000.wasm'])).toEqual([]);
  });
});
