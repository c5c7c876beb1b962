import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readModelNames } from '../../src/admin/tasks/read-models.js';
import { root } from './cruise.js';

it('every read model of the product can be made anew by admin’s task', () => {
  const projections = globSync('src/**/*.ts', { cwd: root })
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .filter((source) => source.includes('@Projects()'))
    .map((source) => /readonly name = '([^']+)'/.exec(source)?.[1] ?? '');
  expect(readModelNames.toSorted()).toEqual(projections.toSorted());
});
