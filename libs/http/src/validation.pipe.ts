import { StandardSchemaValidationPipe } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import type { Issue } from './problem.js';

/** More would only repeat the same mistake, and a large body could make a larger answer. */
const MAX_ISSUES = 20;

/** Holds `@Body`, `@Query` and `@Param` to their `schema`; every problem is named in `errors`. */
export const validationPipe = () =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (found) => {
      const issues: Issue[] = found.slice(0, MAX_ISSUES).map(({ path = [], message }) => ({
        path: path.map((key) => String(typeof key === 'object' ? key.key : key)).join('.'),
        message,
      }));
      const said = issues.slice(0, 3).map(({ path, message }) => (path ? `${path}: ${message}` : message));
      const more = found.length > 3 ? ` (and ${found.length - 3} more)` : '';
      return new DomainError('invalid', 'platform.invalid-request', `${said.join('; ')}${more}`, { issues });
    },
  });
