import type { webcrypto } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '@app/config';
import { errors, jwtVerify, SignJWT } from 'jose';
import { signingKey } from './signing-key.js';

const WHERE = { issuer: 'parley', audience: 'parley' };

export interface AccessClaims {
  sessionId: string;
  expiresAt: Date;
}

/** Short-lived proof of a session, checked without asking anybody (JWT, HS256). */
@Injectable()
export class AccessTokens implements OnModuleInit {
  private key: Promise<webcrypto.CryptoKey> | undefined;

  constructor(private readonly config: Config) {}

  /** Reads the key, so that a wrong one is found at start. */
  async onModuleInit(): Promise<void> {
    await this.signingKey();
  }

  async issue(session: { sessionId: string; userId: string; now: Date }): Promise<{ token: string; expiresAt: Date }> {
    const issuedAt = Math.floor(session.now.getTime() / 1000);
    const expiresAt = issuedAt + this.config.auth.accessTtlSeconds;
    const token = await new SignJWT({ sid: session.sessionId })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(WHERE.issuer)
      .setAudience(WHERE.audience)
      .setSubject(session.userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(await this.signingKey());
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** Null for a token that is not ours or is over. */
  async verify(token: string): Promise<AccessClaims | null> {
    try {
      const { payload } = await jwtVerify(token, await this.signingKey(), {
        ...WHERE,
        algorithms: ['HS256'],
        requiredClaims: ['sub', 'sid', 'exp'],
      });
      const { sid, exp } = payload;
      if (typeof sid !== 'string' || exp === undefined) return null;
      return { sessionId: sid, expiresAt: new Date(exp * 1000) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  private signingKey(): Promise<webcrypto.CryptoKey> {
    return (this.key ??= signingKey(this.config));
  }
}
