/** Servers that a test may end and start again, if they are installed on this machine. */
export interface ThrowAway {
  env: Record<string, string>;
  stop: (() => Promise<void>) & { restart: () => Promise<void> };
}

export async function throwAwayServers(): Promise<Record<'postgres' | 'rabbitmq' | 'redis', ThrowAway> | null> {
  const load = async (name: string) => {
    const module = (await import(`../../scripts/services/${name}.mjs`)) as Record<
      string,
      { installed(): Promise<ThrowAway | null> }
    >;
    return module[name]!.installed();
  };
  const [postgres, rabbitmq, redis] = await Promise.all([load('postgres'), load('rabbitmq'), load('redis')]);
  if (postgres && rabbitmq && redis) return { postgres, rabbitmq, redis };
  await Promise.all([postgres, rabbitmq, redis].map(async (server) => server?.stop()));
  return null;
}
