import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config, serverSecret } from '@app/config';
import { linkExpired } from '../domain/adapter-errors.js';

/**
 * URLs of files by their digest, signed and short-lived: whoever holds one may read that file until it ends. Within a
 * window all callers get the same URL, so that browsers and a CDN find what they already have.
 */
@Injectable()
export class FileLinks {
  private key: Promise<Buffer> | undefined;

  constructor(private readonly config: Config) {}

  /** For one answer: the function makes URLs that end at the same time. */
  async maker(
    now = new Date(),
  ): Promise<{ expiresAt: Date; urlOf: (file: { sha256: string; name: string }) => string }> {
    const { cdnUrl, urlSeconds } = this.config.delivery;
    const key = await (this.key ??= this.derive());
    // At least one whole window from now.
    const expires = (Math.floor(now.getTime() / 1000 / urlSeconds) + 2) * urlSeconds;
    const urlOf = ({ sha256, name }: { sha256: string; name: string }) =>
      `${cdnUrl ?? ''}/files/${sha256}/${encodeURIComponent(name)}?expires=${expires}&signature=${sign(key, sha256, expires)}`;
    return { expiresAt: new Date(expires * 1000), urlOf };
  }

  /** @throws DomainError explore.link-expired */
  async check(sha256: string, expires: number, signature: string, now = new Date()): Promise<void> {
    const right = Buffer.from(sign(await (this.key ??= this.derive()), sha256, expires));
    const given = Buffer.from(signature);
    const good = right.length === given.length && timingSafeEqual(right, given);
    if (!good || expires * 1000 < now.getTime()) throw linkExpired();
  }

  private async derive(): Promise<Buffer> {
    return createHmac('sha256', await serverSecret(this.config))
      .update('parley file links')
      .digest();
  }
}

const sign = (key: Buffer, sha256: string, expires: number): string =>
  createHmac('sha256', key).update(`${sha256}\n${expires}`).digest('base64url');
