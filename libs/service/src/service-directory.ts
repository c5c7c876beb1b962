/** What the directory says about a message type. */
export interface ServingService {
  /** The service that serves it, or the module that should when none is known: for the error that a person reads. */
  service: string;
  /** Processes that serve it and beat within the last ten seconds, as of the last look. */
  alive: number;
}

/** A process as the directory needs it. */
export interface KnownInstance {
  service: string;
  modules: readonly string[];
  types: readonly string[];
  alive: boolean;
}

/**
 * Which service serves what, from the last look at `platform.instances`. Asking costs nothing: it never waits for the
 * database, so an answer may be as old as the beat (2 s), or older while the database is away.
 */
export class ServiceDirectory {
  private byType = new Map<string, ServingService>();
  private liveModules = new Map<string, number>();

  /** The registry tells what it saw. */
  update(instances: readonly KnownInstance[]): void {
    const byType = new Map<string, ServingService>();
    const liveModules = new Map<string, number>();
    for (const { service, modules, types, alive } of instances) {
      for (const type of types) {
        const known = byType.get(type) ?? { service, alive: 0 };
        byType.set(type, {
          service: alive || known.alive === 0 ? service : known.service,
          alive: known.alive + +alive,
        });
      }
      if (alive) for (const module of modules) liveModules.set(module, (liveModules.get(module) ?? 0) + 1);
    }
    this.byType = byType;
    this.liveModules = liveModules;
  }

  /** `serviceOf('chat.send-message.v1')`: who serves it, and how many of them live. */
  serviceOf(type: string): ServingService {
    return this.byType.get(type) ?? { service: moduleOf(type), alive: 0 };
  }

  /** Live processes that handle messages of this module. */
  instancesOf(module: string): number {
    return this.liveModules.get(module) ?? 0;
  }
}

/** A type or a queue begins with its module. */
export const moduleOf = (name: string): string => name.split('.', 1)[0] ?? name;
