import type { Manifest } from './manifests.js';

/** A class of kubernetes-models. */
interface ModelClass {
  prototype: { validate(): void };
}

/** Where the schema of a kind comes from. */
const sources: Record<string, () => Promise<object>> = {
  v1: () => import('kubernetes-models/v1'),
  'apps/v1': () => import('kubernetes-models/apps/v1'),
  'autoscaling/v2': () => import('kubernetes-models/autoscaling/v2'),
  'networking.k8s.io/v1': () => import('kubernetes-models/networking.k8s.io/v1'),
  'policy/v1': () => import('kubernetes-models/policy/v1'),
  'keda.sh/v1alpha1': () => import('@kubernetes-models/keda/keda.sh/v1alpha1'),
  'monitoring.coreos.com/v1': () => import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'),
};

/** What the schema of its kind has against a manifest, and fields that it does not know. */
export async function problemsOf(manifest: Manifest): Promise<string[]> {
  const { apiVersion, kind } = manifest;
  const found = (await sources[apiVersion]?.()) as Record<string, ModelClass> | undefined;
  const Kind = found?.[kind];
  if (!Kind) return [`there is no schema of ${apiVersion} ${kind}`];
  const unread = new Set<string>();
  try {
    // On the manifest itself: a new Kind would be a copy, for which all of it is read.
    Kind.prototype.validate.call(watch(manifest, '', unread));
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unread].map((path) => `${path} is not known`);
}

/**
 * The schemas let unknown fields pass, as an API server does that is not told to be strict. A field that validation never
 * looked at is one that they do not have: a slip of the pen.
 */
function watch<T>(value: T, path: string, unread: Set<string>): T {
  if (typeof value !== 'object' || value === null) return value;
  const at = (key: string) => (path ? `${path}.${key}` : key);
  const inside = new Map(Object.entries(value).map(([key, item]) => [key, watch(item as unknown, at(key), unread)]));
  if (!Array.isArray(value)) for (const key of inside.keys()) unread.add(at(key));
  return new Proxy(value, {
    get(target, key, receiver) {
      if (typeof key !== 'string' || !inside.has(key)) return Reflect.get(target, key, receiver) as unknown;
      unread.delete(at(key));
      return inside.get(key);
    },
    // A map with keys of one's own: labels, annotations, data.
    ownKeys(target) {
      for (const key of inside.keys()) unread.delete(at(key));
      return Reflect.ownKeys(target);
    },
  });
}
