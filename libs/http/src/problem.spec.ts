import { BadRequestException, NotFoundException } from '@nestjs/common';
import { DomainError, type ErrorKind } from '@app/kernel';
import { describe, expect, it } from 'vitest';
import { errorOf, openAiErrorOf, Problem, problemOf, statusOf } from './problem.js';

describe('an error on its way out', () => {
  it.each<[ErrorKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['too-large', 413],
    ['rate-limited', 429],
    ['cancelled', 499],
    ['internal', 500],
    ['unavailable', 503],
    ['timeout', 504],
  ])('of kind %s has the status %i', (kind, status) => {
    expect(statusOf(new DomainError(kind, 't.x', 'x'))).toBe(status);
  });

  it('keeps the status of an exception of Nest, and hides one of 500', () => {
    expect(errorOf(new NotFoundException('no'))).toMatchObject({ kind: 'not-found', message: 'no' });
    expect(errorOf(new BadRequestException('bad'))).toMatchObject({ code: 'platform.invalid-request' });
    expect(errorOf(Object.assign(new Error('secret path'), { statusCode: 500 })).message).not.toContain('secret');
  });

  it('tells details to programs, but those of an internal error to nobody', () => {
    const details = { limit: 3, issues: [{ path: 'a', message: 'b' }] };
    const body = problemOf(new DomainError('conflict', 't.x', 'X.', details), 'r1');
    expect(Problem.parse(body)).toMatchObject({ instance: 'r1', details: { limit: 3 }, errors: details.issues });
    expect(problemOf(new DomainError('internal', 't.x', 'X.', { host: 'db' }), 'r1')).not.toHaveProperty('details');
  });

  it.each<[ErrorKind, string]>([
    ['unauthenticated', 'authentication_error'],
    ['forbidden', 'permission_error'],
    ['rate-limited', 'rate_limit_error'],
    ['not-found', 'invalid_request_error'],
    ['unavailable', 'server_error'],
  ])('of kind %s is a %s for OpenAI clients', (kind, type) => {
    expect(openAiErrorOf(new DomainError(kind, 't.x', 'X.', { param: 'model' }))).toEqual({
      error: { message: 'X.', type, param: 'model', code: 't.x' },
    });
  });
});
