import { hash, randomBytes } from 'node:crypto';

/** 256 random bits: nobody guesses it, so a fast hash is enough to keep it by. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** What is stored of a secret. */
export const digestOf = (secret: string): string => hash('sha256', secret, 'base64url');

const KEY_PREFIX = 'pk_';

export const newApiKey = (): string => `${KEY_PREFIX}${newSecret()}`;

/** Enough to recognise a key by, far too little to guess the rest. */
export const visiblePrefix = (key: string): string => key.slice(0, KEY_PREFIX.length + 6);
