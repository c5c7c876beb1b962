import { describe, expect, it } from 'vitest';
import type { Manifest } from './manifests.js';
import { problemsOf } from './schemas.js';

const service = (spec: object): Manifest =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', labels: { my: 'own' } }, spec }) as unknown as Manifest;

describe('the check of a manifest', () => {
  it('finds nothing in one that is right', async () => {
    expect(await problemsOf(service({ selector: { any: 'label' }, ports: [{ name: 'http', port: 1 }] }))).toEqual([]);
  });

  it('finds a value of another type', async () => {
    expect(await problemsOf(service({ ports: [{ port: 'many' }] }))).toEqual([expect.stringContaining('port')]);
  });

  it('finds a field that its schema does not know', async () => {
    expect(await problemsOf(service({ ports: [{ port: 1, targetport: 2 }] }))).toEqual([
      'spec.ports.0.targetport is not known',
    ]);
  });

  it('finds a kind without a schema', async () => {
    const one = { ...service({}), kind: 'Servize' } as unknown as Manifest;
    expect(await problemsOf(one)).toEqual(['there is no schema of v1 Servize']);
  });
});
