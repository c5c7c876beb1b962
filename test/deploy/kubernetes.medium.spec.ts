import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../architecture/cruise.js';
import { queues } from '../../src/queues.js';
import { canRender, environmentOf, madeSecrets, type Manifests, podOf, render } from './manifests.js';
import { type End, reaches } from './reach.js';
import { problemsOf } from './schemas.js';
import { problemsOfEnvironment, serviceNames, startsWhatTheBuildMakes } from './services.js';

const overlays = readdirSync(join(root, 'docker/k8s/overlays'));
/** Values of the kind that the secrets have which are not made here. */
const given: Record<string, string> = {
  ...Object.fromEntries(
    madeSecrets()
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/, 2) as [string, string]),
  ),
  AUTH_ADMIN_EMAIL: 'admin@example.org',
  AUTH_ADMIN_PASSWORD: 'correct horse battery',
  AUTH_API_KEY: 'pk_0123456789abcdefghij',
  HF_TOKEN: 'hf_x',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=x',
  INFERENCE_UPSTREAM_API_KEY: 'x',
  S3_ACCESS_KEY_ID: 'x',
  S3_SECRET_ACCESS_KEY: 'x',
  SMTP_URL: 'smtp://user:password@mail.example.org:587',
};

describe.runIf(canRender).each(overlays)('the overlay %s', (overlay) => {
  let made: Manifests;
  let namespace: string;
  beforeAll(() => {
    made = render(overlay);
    namespace = made.of('Namespace')[0]!.metadata!.name!;
  });

  const settings = { of: (name: string) => made.named('ConfigMap', name).data ?? {} };
  const parley = () => made.of('Deployment').filter(({ metadata }) => metadata!.name!.startsWith('parley-'));
  const workloads = () => [...made.of('Deployment'), ...made.of('StatefulSet')];
  const labelsOf = (service: string) => made.named('Deployment', `parley-${service}`).spec!.template.metadata!.labels!;

  it('is made of objects as their schemas want them, in its namespace', async () => {
    const problems = await Promise.all(
      made.all.map(async (one) =>
        (await problemsOf(one)).map((problem) => `${one.kind} ${one.metadata?.name}: ${problem}`),
      ),
    );
    expect(problems.flat()).toEqual([]);
    const elsewhere = made.all.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata?.namespace !== namespace,
    );
    expect(elsewhere).toEqual([]);
  });

  it('runs every service, all of one image, with what the build makes', () => {
    expect(
      parley()
        .map(({ metadata }) => metadata!.name!.slice('parley-'.length))
        .toSorted(),
    ).toEqual(serviceNames.toSorted());
    expect(new Set(parley().map((one) => podOf(one).containers[0]!.image)).size).toBe(1);
    for (const one of parley()) {
      const { args, image } = podOf(one).containers[0]!;
      expect(startsWhatTheBuildMakes(args!)).toBe(true);
      expect(args![1]).toBe(`dist/apps/${one.metadata!.name!.slice('parley-'.length)}/main.js`);
      expect(image).toMatch(/parley:(?!latest)\w/);
    }
  });

  it('gives each service settings that it takes, and secrets by reference', () => {
    for (const one of parley()) {
      const { literals, secrets } = environmentOf(one, settings);
      const env = { ...literals };
      for (const { name, secret, key } of secrets) {
        expect(secret).toBe('parley');
        expect(given).toHaveProperty(key);
        env[name] = given[key]!;
      }
      const others = new Set(
        secrets.map(({ name }) => name).filter((name) => name.startsWith('AUTH_ADMIN') || name === 'AUTH_API_KEY'),
      );
      expect(others.size === 0 || others.size === 3).toBe(true);
      expect({ [one.metadata!.name!]: problemsOfEnvironment(env) }).toEqual({ [one.metadata!.name!]: [] });
      expect(
        Object.keys(literals).filter((name) =>
          /PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL|RABBITMQ_URL|REDIS_URL|SMTP_URL|HEADERS/.test(name),
        ),
      ).toEqual([]);
    }
  });

  it('asks each service whether it has started, lives and is ready, and blames it for no database', () => {
    for (const one of parley()) {
      const { startupProbe, livenessProbe, readinessProbe } = podOf(one).containers[0]!;
      expect(startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
      // The checks behind it may take three seconds.
      expect(readinessProbe!.timeoutSeconds).toBeGreaterThan(3);
    }
    for (const one of workloads()) {
      const { startupProbe, livenessProbe, readinessProbe } = podOf(one).containers[0]!;
      expect([startupProbe, livenessProbe, readinessProbe]).not.toContain(undefined);
    }
  });

  it('sets requests and limits, and leaves room beside the models', () => {
    for (const one of workloads()) {
      const { requests, limits } = podOf(one).containers[0]!.resources!;
      expect(Object.keys(requests!)).toEqual(expect.arrayContaining(['cpu', 'memory']));
      expect(Object.keys(limits!)).toEqual(expect.arrayContaining(['cpu', 'memory']));
    }
    const inference = made.named('Deployment', 'parley-inference');
    const gib = Number.parseInt(String(podOf(inference).containers[0]!.resources!.limits!['memory']));
    const { literals } = environmentOf(inference, settings);
    expect(Number(literals['INFERENCE_MEMORY_MIB'])).toBeLessThanOrEqual(gib * 1024 - 1024);
  });

  it('lets no container have rights that it does not need', () => {
    for (const one of workloads()) {
      const pod = podOf(one);
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.enableServiceLinks).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.securityContext!.runAsUser).toBeGreaterThan(0);
      expect(pod.containers).toHaveLength(1);
      expect(pod.containers[0]!.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
    }
    for (const one of parley()) {
      expect(podOf(one).serviceAccountName).toBe('parley');
      expect(podOf(one).containers[0]!.securityContext!.readOnlyRootFilesystem).toBe(true);
    }
    expect(made.named('ServiceAccount', 'parley').automountServiceAccountToken).toBe(false);
    expect(made.of('Namespace')[0]!.metadata!.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('gives every writable folder a volume, and every mount its volume', () => {
    for (const one of workloads()) {
      const { containers, volumes = [] } = podOf(one);
      const claims = 'volumeClaimTemplates' in one.spec! ? (one.spec.volumeClaimTemplates ?? []) : [];
      const has = [...volumes.map(({ name }) => name), ...claims.map(({ metadata }) => metadata!.name!)];
      const mounts = containers[0]!.volumeMounts!;
      expect(mounts.map(({ name }) => name).toSorted()).toEqual(has.toSorted());
      for (const claim of volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []))
        made.named('PersistentVolumeClaim', claim);
    }
    for (const one of parley()) {
      const paths = podOf(one).containers[0]!.volumeMounts!.map(({ mountPath }) => mountPath);
      expect(paths).toEqual(expect.arrayContaining(['/data', '/tmp']));
      const { MODELS_DIR } = environmentOf(one, settings).literals;
      expect(MODELS_DIR === undefined || paths.includes(MODELS_DIR)).toBe(true);
      const handlesModels = ['parley-explore', 'parley-gateway', 'parley-inference'].includes(one.metadata!.name!);
      expect(paths.includes('/models')).toBe(handlesModels);
    }
  });

  it('spreads the instances of one service, and takes away one at a time', () => {
    for (const one of parley()) {
      const name = one.metadata!.name!;
      const labels = one.spec!.template.metadata!.labels!;
      const spread = podOf(one).topologySpreadConstraints!;
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'topology.kubernetes.io/zone',
        'kubernetes.io/hostname',
      ]);
      for (const { labelSelector, matchLabelKeys } of spread) {
        expect(labels).toMatchObject(labelSelector!.matchLabels!);
        expect(matchLabelKeys).toEqual(['app.kubernetes.io/component', 'pod-template-hash']);
      }
      const budget = made.named('PodDisruptionBudget', name).spec!;
      expect(budget).toMatchObject({ maxUnavailable: 1, selector: one.spec!.selector });
      expect(labels).toMatchObject(one.spec!.selector.matchLabels!);
      expect(made.named('Service', name).spec!.selector).toEqual(one.spec!.selector.matchLabels);
      expect(one.spec!.strategy!.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    }
  });

  it('lets a service end in order', () => {
    for (const one of parley()) {
      const { SHUTDOWN_GRACE_MS } = environmentOf(one, settings).literals;
      const before = podOf(one).containers[0]!.lifecycle?.preStop?.sleep?.seconds ?? 0;
      expect(podOf(one).terminationGracePeriodSeconds).toBeGreaterThan(before + Number(SHUTDOWN_GRACE_MS) / 1000 + 5);
    }
    expect(podOf(made.named('Deployment', 'parley-gateway')).containers[0]!.lifecycle?.preStop).toBeDefined();
  });

  it('scales each service by one measure alone', () => {
    const scaled = [
      ...made.of('HorizontalPodAutoscaler').map(({ spec }) => spec!.scaleTargetRef.name),
      ...made.of('ScaledObject').map(({ spec }) => spec!.scaleTargetRef.name),
    ];
    expect(new Set(scaled).size).toBe(scaled.length);
    for (const name of scaled) expect(made.named('Deployment', name).spec!.replicas).toBeUndefined();
    if (scaled.length > 0) expect(new Set(scaled)).toEqual(new Set(parley().map(({ metadata }) => metadata!.name!)));
    for (const { spec } of made.of('ScaledObject')) {
      const { queueName, value } = spec!.triggers[0]!.metadata;
      expect(queues.map(({ queue }) => queue)).toContain(queueName);
      const { literals } = environmentOf(made.named('Deployment', spec!.scaleTargetRef.name), settings);
      expect(value).toBe(literals['INFERENCE_PARALLEL']);
      const { secretTargetRef } = made.named('TriggerAuthentication', spec!.triggers[0]!.authenticationRef!.name).spec!;
      expect(secretTargetRef).toEqual([{ parameter: 'host', name: 'parley', key: 'RABBITMQ_MANAGEMENT_URL' }]);
    }
  });

  it('is measured at every service', () => {
    for (const { spec } of made.of('ServiceMonitor')) {
      expect(spec!.endpoints[0]).toMatchObject({
        path: '/metrics',
        port: 'http',
        authorization: { credentials: { name: 'parley', key: 'HTTP_METRICS_TOKEN' } },
      });
      const seen = made
        .of('Service')
        .filter(({ metadata }) =>
          Object.entries(spec!.selector.matchLabels!).every(([key, value]) => metadata!.labels![key] === value),
        );
      expect(seen).toHaveLength(serviceNames.length);
    }
  });

  it('leads to the gateway alone, without collecting or cutting streams', () => {
    for (const { metadata, spec } of made.of('Ingress')) {
      expect(metadata!.annotations).toMatchObject({
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
      });
      const { host, http } = spec!.rules![0]!;
      expect(http!.paths.map(({ backend }) => backend.service)).toEqual([
        { name: 'parley-gateway', port: { name: 'http' } },
      ]);
      expect(settings.of(made.of('ConfigMap')[0]!.metadata!.name!)).toMatchObject({
        PUBLIC_URL: `https://${host}`,
        HTTP_TRUST_PROXY: 'true',
      });
      expect(spec!.tls![0]!.hosts).toEqual([host]);
    }
  });

  it('holds no secret but those made for it', () => {
    for (const { data = {} } of made.of('Secret')) {
      for (const name of Object.keys(data)) expect(given).toHaveProperty(name);
    }
    expect(made.of('Secret')).toHaveLength(overlay === 'dev' ? 1 : 0);
  });

  describe('lets through', () => {
    const outside = (ip: string): End => ({ ip });
    const pod = (labels: Record<string, string>, where = namespace): End => ({ namespace: where, labels });
    const can = (from: End, to: End, port: number) => reaches(made.of('NetworkPolicy'), namespace, from, to, port);
    /** In this namespace when the overlay brings it; else somewhere inside. */
    const behind = (name: string): End => {
      const own = made.of('StatefulSet').find(({ metadata }) => metadata!.name === name);
      return own ? pod(own.spec!.template.metadata!.labels!) : outside('10.20.30.40');
    };

    it('every service to names, database, broker and cache', () => {
      for (const service of serviceNames) {
        const from = pod(labelsOf(service));
        expect(can(from, pod({ 'k8s-app': 'kube-dns' }, 'kube-system'), 53)).toBe(true);
        expect(can(from, behind('postgres'), 5432)).toBe(true);
        expect(can(from, behind('rabbitmq'), 5672)).toBe(true);
        expect(can(from, behind('redis'), 6379)).toBe(true);
      }
    });

    it('those to the internet that have business there', () => {
      const may = (port: number, ip: string) =>
        serviceNames.filter((service) => can(pod(labelsOf(service)), outside(ip), port)).toSorted();
      // Only a bucket is outside for the gateway, which delivers from it.
      const delivers = overlay === 'production' ? ['gateway'] : [];
      expect(may(443, '203.0.113.7')).toEqual(['explore', ...delivers, 'inference']);
      expect(may(443, '2001:db8::7')).toEqual(['explore', 'inference']);
      expect(may(80, '203.0.113.7')).toEqual([]);
      // The metadata service of a cloud gives away the node's credentials.
      expect(may(443, '169.254.169.254')).toEqual([]);
      if (overlay !== 'dev') expect(may(587, '203.0.113.7')).toEqual(['notifications']);
      else expect(can(pod(labelsOf('notifications')), behind('mailpit'), 1025)).toBe(true);
    });

    it('inference to engines in the cluster', () => {
      const engine = pod({ 'parley.upstream': 'true' }, 'engines');
      expect(serviceNames.filter((service) => can(pod(labelsOf(service)), engine, 8000))).toEqual(['inference']);
    });

    it('every service to the collector of its traces, where there is one', () => {
      const collector = pod({ any: 'pod' }, 'observability');
      const told = parley().filter((one) => 'OTEL_EXPORTER_OTLP_ENDPOINT' in environmentOf(one, settings).literals);
      expect(told).toHaveLength(overlay === 'production' ? serviceNames.length : 0);
      const may = serviceNames.filter((service) => can(pod(labelsOf(service)), collector, 4318));
      expect(may).toHaveLength(told.length);
    });

    it('people to the gateway, Prometheus to all, and nobody else', () => {
      const from = (where: string) => pod({ any: 'pod' }, where);
      const open = (where: string) => serviceNames.filter((service) => can(from(where), pod(labelsOf(service)), 3000));
      expect(open('ingress-nginx')).toEqual(made.of('Ingress').length > 0 ? ['gateway'] : []);
      expect(open('monitoring')).toEqual(made.of('ServiceMonitor').length > 0 ? serviceNames : []);
      expect(open('default')).toEqual([]);
      expect(can(pod(labelsOf('chat')), pod(labelsOf('auth')), 3000)).toBe(false);
      for (const { spec } of made.of('StatefulSet')) {
        expect(can(from('default'), pod(spec!.template.metadata!.labels!), 5432)).toBe(false);
      }
    });
  });
});
