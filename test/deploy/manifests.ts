import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import type { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type {
  ConfigMap,
  Namespace,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { root } from '../architecture/cruise.js';

interface Kinds {
  ConfigMap: ConfigMap;
  Deployment: Deployment;
  HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  Ingress: Ingress;
  Namespace: Namespace;
  NetworkPolicy: NetworkPolicy;
  PersistentVolumeClaim: PersistentVolumeClaim;
  PodDisruptionBudget: PodDisruptionBudget;
  ScaledObject: ScaledObject;
  Secret: Secret;
  Service: Service;
  ServiceAccount: ServiceAccount;
  ServiceMonitor: ServiceMonitor;
  StatefulSet: StatefulSet;
  TriggerAuthentication: TriggerAuthentication;
}

export type Manifest = { [K in keyof Kinds]: Kinds[K] & { kind: K } }[keyof Kinds];

/** Everything that one overlay makes. */
export class Manifests {
  constructor(readonly all: readonly Manifest[]) {}

  of<K extends keyof Kinds>(kind: K): Kinds[K][] {
    return this.all.filter((one) => one.kind === kind) as unknown as Kinds[K][];
  }

  named<K extends keyof Kinds>(kind: K, name: string): Kinds[K] {
    const found = this.of(kind).find(({ metadata }) => metadata?.name === name);
    if (!found) throw new Error(`there is no ${kind} ${name}`);
    return found;
  }
}

/** Path of kubectl or kustomize; `npm test` finds one, or builds it. */
const program = process.env['TEST_KUSTOMIZE'];
export const canRender = program !== undefined;

/** Renders an overlay in a copy of the folder, with secrets made anew where it wants some. */
export function render(overlay: string): Manifests {
  const folder = mkdtempSync(join(tmpdir(), 'parley-k8s-'));
  try {
    cpSync(join(root, 'docker/k8s'), folder, { recursive: true, filter: (path) => basename(path) !== 'secrets.env' });
    writeFileSync(join(folder, 'overlays/dev/secrets.env'), madeSecrets());
    const verb = basename(program!).startsWith('kubectl') ? 'kustomize' : 'build';
    const text = execFileSync(program!, [verb, join(folder, 'overlays', overlay)], { encoding: 'utf8' });
    return new Manifests(parseAllDocuments(text).map((document) => unwrapped(document.toJS() as Manifest)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** kubectl breaks long base64 into lines, which an API server takes, and the schema does not. */
function unwrapped(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest;
  const data = Object.entries(manifest.data ?? {}).map(([key, value]) => [key, value.replaceAll(/\s/g, '')]);
  return Object.assign(manifest, { data: Object.fromEntries(data) as Record<string, string> });
}

export const madeSecrets = (): string =>
  execFileSync('sh', ['docker/secrets.sh', 'kubernetes'], { cwd: root, encoding: 'utf8' });

/** The pods that a workload makes: their containers and what all of them have. */
export const podOf = ({ spec }: Deployment | StatefulSet) => spec!.template.spec!;

/** Environment of a workload's only container: names with what is written, or with where it comes from. */
export function environmentOf(workload: Deployment, { of }: { of(name: string): Record<string, string> }) {
  const { envFrom = [], env = [] } = podOf(workload).containers[0]!;
  const literals = Object.assign({}, ...envFrom.map(({ configMapRef }) => of(configMapRef!.name!))) as Record<
    string,
    string
  >;
  const secrets: { name: string; secret: string; key: string; optional: boolean }[] = [];
  for (const { name, value, valueFrom } of env) {
    const from = valueFrom?.secretKeyRef;
    if (from) secrets.push({ name, secret: from.name!, key: from.key, optional: from.optional ?? false });
    else literals[name] = value ?? '';
  }
  return { literals, secrets };
}
