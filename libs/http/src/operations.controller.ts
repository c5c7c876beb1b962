import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DomainError } from '@app/kernel';
import { metrics } from '@app/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from './access.js';
import { HealthChecks } from './health-checks.js';
import { metricsReader } from './metrics-reader.js';
import { NoRateLimit, StrictRateLimit } from './rate-limit.js';

/**
 * Looks of one address at one of these pages. Counted apart from all else: a probe must not fail because its address, which
 * may be that of a proxy or a node, is busy.
 */
const PER_MINUTE = 3_000;

/** What the one who runs the server asks it. */
@Public()
@ApiExcludeController()
@Controller()
export class OperationsController {
  constructor(private readonly health: HealthChecks) {}

  /** The process is up. */
  @Get('healthz')
  @NoRateLimit()
  @Header('cache-control', 'no-store')
  alive(): { status: string } {
    return { status: 'ok' };
  }

  /** It can do its work, and will go on: 200, or 503 and what is down. */
  @Get('readyz')
  @StrictRateLimit(PER_MINUTE)
  async ready(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { ready, checks } = await this.health.run();
    const ending = request.server.isEnding();
    reply
      .status(ready && !ending ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ending ? 'ending' : ready ? 'ok' : 'unavailable', checks });
  }

  /** Prometheus text, for administrators, for whoever is on this machine and for the metrics token. */
  @Get('metrics')
  @StrictRateLimit(PER_MINUTE)
  async metrics(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!isLocal(request) && !isAdmin(request) && request.actor !== metricsReader) {
      throw new DomainError('forbidden', 'platform.forbidden', 'Metrics are for administrators.');
    }
    reply.type(metrics.contentType).send(await metrics.metrics());
  }
}

// A proxy on this machine speaks for the world, and says so in a header.
const isLocal = ({ socket, headers }: FastifyRequest): boolean =>
  ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(socket.remoteAddress ?? '') &&
  headers['x-forwarded-for'] === undefined &&
  headers.forwarded === undefined;

const isAdmin = ({ actor }: FastifyRequest): boolean =>
  actor?.role === 'admin' && (!actor.scopes || actor.scopes.includes('admin'));
