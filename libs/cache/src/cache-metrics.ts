import { counter } from '@app/observability';

/** hit · miss · error (the server did not answer, so a miss) · refused (a value that is too large to keep). */
export const cacheRequests = counter('parley_cache_requests_total', 'Look-ups in caches, by cache and result.', [
  'cache',
  'result',
]);

export const redisErrors = counter('parley_redis_errors_total', 'Commands that Redis did not answer, by use.', ['use']);
