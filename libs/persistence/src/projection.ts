import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { StoredEvent } from './event-store.js';

export const PROJECTS = 'persistence:projects';

/** Marks a projection, so that it is found at boot. */
export const Projects = () => applyDecorators(SetMetadata(PROJECTS, true), Injectable());

/**
 * A read model that follows the events. It runs in the transaction that stores them, so a reader sees its own write, and
 * can be made anew from the events alone.
 */
export abstract class Projection {
  /** `<module>.<read model>`. */
  abstract readonly name: string;
  /** Wire types that it wants to see. */
  abstract readonly types: readonly string[];
  /** Follows these events, which come in order: those of one append, or many when it is made anew. */
  abstract apply(events: readonly StoredEvent[]): Promise<void>;
  /** Empties the read model. */
  abstract reset(): Promise<void>;
}
