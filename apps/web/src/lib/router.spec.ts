import { describe, expect, it } from 'vitest';
import { adminPath, conversationPath, entryPath, routeOf } from './router.js';

describe('routeOf', () => {
  it.each([
    ['/', { page: 'home' }],
    ['/c/0190-ab', { page: 'conversation', id: '0190-ab' }],
    ['/c', { page: 'not-found' }],
    ['/models', { page: 'models' }],
    ['/models/', { page: 'models' }],
    ['/explore', { page: 'explore' }],
    ['/explore/hf%3Aowner%2Fname%2Ffile.gguf', { page: 'entry', id: 'hf:owner/name/file.gguf' }],
    ['/hub', { page: 'hub' }],
    ['/hub/Qwen/Qwen3-0.6B', { page: 'hub-model', repository: 'Qwen/Qwen3-0.6B' }],
    ['/hub/Qwen', { page: 'not-found' }],
    ['/hub/a/b/c', { page: 'not-found' }],
    ['/explore/a/b', { page: 'not-found' }],
    ['/account', { page: 'account' }],
    ['/account/x', { page: 'not-found' }],
    ['/c/a/b', { page: 'not-found' }],
    ['/admin', { page: 'admin', section: 'instances', item: null }],
    ['/admin/queues', { page: 'admin', section: 'queues', item: null }],
    ['/admin/queues/a.b', { page: 'admin', section: 'queues', item: 'a.b' }],
    ['/admin/audit/0190-ab', { page: 'admin', section: 'audit', item: '0190-ab' }],
    ['/admin/usage/x', { page: 'not-found' }],
    ['/admin/queues/a/b', { page: 'not-found' }],
    ['/admin/nothing', { page: 'not-found' }],
    ['/c/%', { page: 'conversation', id: '%' }],
  ])('reads %s', (path, route) => expect(routeOf(path)).toEqual(route));

  it('reads the path of any conversation', () => {
    expect(routeOf(conversationPath('a/b c'))).toEqual({ page: 'conversation', id: 'a/b c' });
  });

  it('reads the path of any model', () => {
    expect(routeOf(entryPath('hf:a/b c/d.gguf'))).toEqual({ page: 'entry', id: 'hf:a/b c/d.gguf' });
  });

  it('reads the path of any page of the administration', () => {
    expect(adminPath('instances')).toBe('/admin');
    expect(routeOf(adminPath('queues', 'a/b'))).toEqual({ page: 'admin', section: 'queues', item: 'a/b' });
  });
});
