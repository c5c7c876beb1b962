import { messageCatalogue } from '@app/messaging';
import { describe, expect, it } from 'vitest';
import { contractsOf, moduleNames } from './contracts.js';
import { moduleMap } from './module-map.js';
import { openApi } from './open-api.js';
import { queuesModule } from './queues.js';
import { operationsWithSettings } from './settings.js';

// `npm run snapshot` writes the files anew; look at the difference, then commit it with the change that made it.
describe('what is generated is what the sources say (if not: npm run snapshot)', { timeout: 60_000 }, () => {
  it('module-map.md', async () => {
    await expect(await moduleMap()).toMatchFileSnapshot('module-map.md');
  });

  it('messages.json', async () => {
    const messages = messageCatalogue((await Promise.all(moduleNames.map(contractsOf))).flat());
    await expect(`${JSON.stringify(messages, null, 2)}\n`).toMatchFileSnapshot('messages.json');
  });

  it('openapi.json', async () => {
    await expect(await openApi()).toMatchFileSnapshot('openapi.json');
  });

  it('src/queues.ts', async () => {
    await expect(await queuesModule()).toMatchFileSnapshot('../../src/queues.ts');
  });

  it('docs/operations.md', async () => {
    await expect(await operationsWithSettings()).toMatchFileSnapshot('../../docs/operations.md');
  });
});

describe('a message', () => {
  it('is named after its module, and says in its name what kind it is', async () => {
    for (const module of moduleNames) {
      for (const { type, kind } of await contractsOf(module)) {
        const words = kind === 'event' ? String.raw`[a-z-]+\.[a-z-]+` : '[a-z-]+';
        expect(type).toMatch(new RegExp(String.raw`^${module}\.${words}\.v\d+$`));
      }
    }
  });

  it('has one type of its own', async () => {
    const types = (await Promise.all(moduleNames.map(contractsOf))).flat().map(({ type }) => type);
    expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
  });
});
