import { format, resolveConfig } from 'prettier';
import { join } from 'node:path';
import { root } from '../architecture/cruise.js';
import { moduleNames } from './contracts.js';
import { reactionsOf } from './module-map.js';

/** src/queues.ts: every queue of the product, which each process needs to know. */
export async function queuesModule(): Promise<string> {
  const routes = (await Promise.all(moduleNames.map(reactionsOf))).flat();
  const text = `import type { QueueRoute } from '@app/messaging';

/** Every queue and the events that it hears. Made from the reactions by \`npm run snapshot\`; do not edit. */
export const queues: readonly QueueRoute[] = ${JSON.stringify(routes)};
`;
  const path = join(root, 'src/queues.ts');
  return format(text, { ...(await resolveConfig(path)), parser: 'typescript' });
}
