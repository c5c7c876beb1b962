import { type DynamicModule, Logger } from '@nestjs/common';
import type { Config } from '@app/config';
import { serve } from '@app/http';
import { Projections } from '@app/persistence';
import { verifyAudit } from './verify-audit.js';

const REBUILD = '--rebuild-projections';
const VERIFY = '--verify-audit';

/**
 * All that a `main.ts` holds: serves until told to end. With `--rebuild-projections [name …]` it makes read models anew
 * from the events instead, and ends; with `--verify-audit [export]` it recomputes the audit's hash chain, and ends.
 */
export async function run(application: (config: Config) => DynamicModule, args = process.argv.slice(2)): Promise<void> {
  if (args[0] === VERIFY) return verifyAudit(args.slice(1));
  if (args[0] !== REBUILD) {
    await serve(application);
    return;
  }
  // On a free port of this machine alone: nobody is to talk to it meanwhile.
  const app = await serve(application, { ...process.env, HOST: '127.0.0.1', PORT: '0' });
  const logger = new Logger('Projections');
  const projections = app.get(Projections, { strict: false });
  const names = args.length > 1 ? args.slice(1) : projections.names;
  try {
    await projections.rebuild(names, (name, events) => logger.log({ msg: `${name}: ${events} events`, name, events }));
    logger.log(`Rebuilt ${names.join(', ')}`);
  } catch (error) {
    logger.error({ msg: 'The read models stay as they were', err: error });
    process.exitCode = 1;
  }
  await app.close();
}
