import { describe, expect, it } from 'vitest';
import { conversationPath, routeOf } from './router.js';

describe('routeOf', () => {
  it.each([
    ['/', { page: 'home' }],
    ['/c/0190-ab', { page: 'conversation', id: '0190-ab' }],
    ['/c', { page: 'not-found' }],
    ['/models', { page: 'models' }],
    ['/models/', { page: 'models' }],
    ['/account', { page: 'account' }],
    ['/account/x', { page: 'not-found' }],
    ['/c/a/b', { page: 'not-found' }],
    ['/c/%', { page: 'conversation', id: '%' }],
  ])('reads %s', (path, route) => expect(routeOf(path)).toEqual(route));

  it('reads the path of any conversation', () => {
    expect(routeOf(conversationPath('a/b c'))).toEqual({ page: 'conversation', id: 'a/b c' });
  });
});
