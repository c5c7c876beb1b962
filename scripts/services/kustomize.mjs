import { goTool } from '../lib/go-tool.mjs';
import { succeeds } from '../lib/run.mjs';

/**
 * Renders the Kubernetes manifests: part of kubectl since 1.21 (Debian's is older), or the program of that name. It talks
 * to no cluster.
 * @type {import('../services.mjs').Service}
 */
export const kustomize = {
  name: 'kustomize',
  without: 'the Kubernetes manifests',
  packages: [],
  atAddress: async () => null,
  async installed() {
    for (const [program, args] of ways) if (await succeeds(program, args)) return at(program);
    const built = await goTool({ name: 'kustomize', source: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.7.1' });
    return built && at(built);
  },
};

const ways = [
  ['kustomize', ['version']],
  // Components, which the manifests use, are known from here on.
  ['kubectl', ['kustomize', '--enable-helm=false', '--help']],
];

const at = (program) => ({ env: { TEST_KUSTOMIZE: program }, how: program });
