import { type DynamicModule, ShutdownSignal, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, ConfigError, loadConfig } from '@app/config';
import { DomainError } from '@app/kernel';
import { messageContext } from '@app/messaging';
import { collectRuntimeMetrics, logFieldsOf, PinoLogger, tracer } from '@app/observability';
import { createApp } from './create-app.js';

/** Exit code of a process whose configuration is wrong (EX_CONFIG of sysexits.h): starting it again does not help. */
const EX_CONFIG = 78;

/**
 * A whole server process: reads the settings, says what is wrong with them, starts the module and listens; ends in order
 * on SIGTERM and SIGINT. `await serve((config) => AppModule.with(config))` is all that a `main.ts` holds.
 */
export async function serve(
  application: (config: Config) => Type | DynamicModule,
  env: Record<string, string | undefined> = process.env,
): Promise<NestFastifyApplication> {
  const config = configOrExit(env);
  const logger = new ProcessLogger({ ...config.log, ambient: whose });
  collectRuntimeMetrics();
  try {
    const { host, port, ...http } = config.http;
    const { shutdownGraceMs } = config;
    const options = { ...http, shutdownGraceMs, logger, connectTo: deliveryOrigins(config) };
    const app = await createApp(application(config), options);
    app.enableShutdownHooks([ShutdownSignal.SIGTERM, ShutdownSignal.SIGINT], { useProcessExit: true });
    await app.listen(port, host);
    const url = urlOf(app);
    logger.log({ msg: `Parley is ready at ${url}`, url }, 'Http');
    return app;
  } catch (error) {
    if (error instanceof ConfigError) exitFor(error);
    // What the operator can mend (a folder in use, a database that does not answer) needs no stack.
    if (error instanceof DomainError && error.kind !== 'internal')
      logger.fatal({ msg: error.message, code: error.code });
    else logger.fatal({ msg: 'Parley cannot start', err: error });
    process.exit(1);
  }
}

/** Where files come from when they do not come from here: the CDN, or the bucket behind presigned URLs. */
function deliveryOrigins({ delivery, storage: { url, s3 } }: Config): string[] {
  const origins = delivery.cdnUrl ? [new URL(delivery.cdnUrl).origin] : [];
  const bucket = /^s3:\/\/([^/]+)/.exec(url)?.[1];
  if (!delivery.presign || !bucket) return origins;
  const endpoint = new URL(s3.publicEndpoint ?? s3.endpoint ?? `https://s3.${s3.region}.amazonaws.com`);
  if (!s3.forcePathStyle) endpoint.hostname = `${bucket}.${endpoint.hostname}`;
  return [...origins, endpoint.origin];
}

/** Nest tells at `info` what only its developers ask for, and logs what `serve` logs itself. */
class ProcessLogger extends PinoLogger {
  private static readonly inward = new Set([
    'NestFactory',
    'InstanceLoader',
    'RoutesResolver',
    'RouterExplorer',
    'NestApplication',
  ]);

  override log(message: unknown, ...rest: unknown[]): void {
    if (ProcessLogger.inward.has(rest.at(-1) as string)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }
}

/** Where the application listens, as a person would type it. */
export function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpServer().address();
  if (address === null || typeof address === 'string') return String(address);
  const host = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(address.address) ? 'localhost' : address.address;
  return `http://${host}:${address.port}`;
}

/** Of which request a line tells, and in which span. */
const whose = (): Record<string, unknown> => {
  const context = messageContext();
  if (!context) return {};
  return { requestId: context.correlationid, ...(tracer() && logFieldsOf(context)) };
};

function configOrExit(env: Record<string, string | undefined>): Config {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return exitFor(error);
  }
}

function exitFor(error: ConfigError): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(EX_CONFIG);
}
