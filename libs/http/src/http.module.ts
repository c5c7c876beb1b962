import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AccessGuard } from './access.js';
import { HealthChecks } from './health-checks.js';
import { OperationsController } from './operations.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { validationPipe } from './validation.pipe.js';

/** What every HTTP application has around its own module. */
@Global()
@Module({
  controllers: [OperationsController],
  providers: [
    HealthChecks,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [HealthChecks],
})
export class HttpModule {
  static around(application: Type | DynamicModule): DynamicModule {
    return { module: HttpModule, imports: [application] };
  }
}
