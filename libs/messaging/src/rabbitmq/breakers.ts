import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import { DomainError } from '@app/kernel';
import { circuitOpen } from './problems.js';

const FAILURES = 5;
const OPEN_MS = 2_000;
/** Says nothing about the question, only that the service does not answer. */
const silent = (error: Error) =>
  error instanceof DomainError && (error.code === 'platform.timeout' || error.code === 'platform.interrupted');

/**
 * A circuit breaker for each service: one that does not answer is left alone for a moment, and its callers are told at
 * once instead of waiting for their deadlines.
 */
export class Breakers {
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  async run<T>(type: string, ask: () => Promise<T>): Promise<T> {
    const service = type.slice(0, type.indexOf('.'));
    try {
      return await this.#of(service).execute(ask);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? circuitOpen(service) : error;
    }
  }

  #of(service: string): CircuitBreakerPolicy {
    let breaker = this.#breakers.get(service);
    if (!breaker) {
      breaker = circuitBreaker(handleWhen(silent), {
        halfOpenAfter: OPEN_MS,
        breaker: new ConsecutiveBreaker(FAILURES),
      });
      this.#breakers.set(service, breaker);
    }
    return breaker;
  }
}
