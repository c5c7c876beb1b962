import { type DynamicModule, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Config, productVersion } from '@app/config';
import { messageContext } from '@app/messaging';
import { startTracing } from '@app/observability';

/** How long the last spans may take on their way; a receiver that is away holds up no end. */
const FLUSH_MS = 2_000;
const STOP = Symbol('Ends tracing');

/** Traces of this process, if the settings name a receiver for them. */
@Module({})
export class TracingModule implements OnApplicationShutdown {
  constructor(@Inject(STOP) private readonly stop: ((withinMs: number) => Promise<void>) | null) {}

  static forRoot({ service, whole }: { service: string; whole: boolean }): DynamicModule {
    return {
      module: TracingModule,
      providers: [
        {
          provide: STOP,
          inject: [Config],
          useFactory: ({ tracing }: Config) =>
            tracing
              ? startTracing({
                  ...tracing,
                  service: whole ? service : `parley-${service}`,
                  version: productVersion,
                  ambient: messageContext,
                  onExport: tell(tracing.endpoint),
                })
              : null,
        },
      ],
    };
  }

  /** By now nothing is asked of this process any more, and what it did is done. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop?.(FLUSH_MS);
  }
}

function tell(endpoint: string) {
  const logger = new Logger('Tracing');
  // Without what the address may hold of a password.
  const receiver = new URL(endpoint).host;
  return ({ ok, error }: { ok: boolean; error?: Error }) => {
    if (ok) logger.log({ msg: 'Traces are exported again', receiver });
    else
      logger.warn({ msg: 'Traces cannot be exported and are lost until they can', receiver, reason: error?.message });
  };
}
