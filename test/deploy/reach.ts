import { BlockList, isIP } from 'node:net';
import type { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';

type Labels = Record<string, string>;
type Rule = NonNullable<NonNullable<NetworkPolicy['spec']>['egress']>[number];
type Peer = NonNullable<Rule['to']>[number];
type Selector = NonNullable<Peer['podSelector']>;

/** A pod, or an address outside of the cluster. */
export type End = { namespace: string; labels: Labels } | { ip: string };

/** Whether the policies of `namespace` let `from` talk to `to`, as the cluster's network decides it. */
export function reaches(policies: NetworkPolicy[], namespace: string, from: End, to: End, port: number): boolean {
  const directed = (end: End, type: 'Egress' | 'Ingress') =>
    'labels' in end && end.namespace === namespace
      ? policies.filter(({ spec }) => spec!.policyTypes!.includes(type) && selects(spec!.podSelector, end))
      : [];
  const out = directed(from, 'Egress');
  const into = directed(to, 'Ingress');
  const leaves = out.length === 0 || out.some(({ spec }) => spec!.egress?.some((r) => lets(r.to, r.ports, to, port)));
  const enters =
    into.length === 0 || into.some(({ spec }) => spec!.ingress?.some((r) => lets(r.from, r.ports, from, port)));
  return leaves && enters;

  function lets(peers: Peer[] | undefined, ports: Rule['ports'], end: End, at: number): boolean {
    const through = !ports || ports.some((one) => one.port === undefined || numberOf(one.port) === at);
    return through && (!peers || peers.some((peer) => isPeer(peer, end)));
  }

  function isPeer({ ipBlock, namespaceSelector, podSelector }: Peer, end: End): boolean {
    if ('ip' in end)
      return (
        ipBlock !== undefined && within(ipBlock.cidr, end.ip) && !ipBlock.except?.some((cidr) => within(cidr, end.ip))
      );
    if (ipBlock) return false;
    const inNamespace = namespaceSelector
      ? selects(namespaceSelector, { labels: { 'kubernetes.io/metadata.name': end.namespace } })
      : end.namespace === namespace;
    return inNamespace && (!podSelector || selects(podSelector, end));
  }
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector = {}, { labels }: { labels: Labels }): boolean {
  const expressed = matchExpressions.every(({ key, operator, values }) => {
    if (operator !== 'In') throw new Error(`${operator} is not known here`);
    return values!.includes(labels[key] ?? '');
  });
  return expressed && Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

/** Parley's pods have one port, and call it http. */
const numberOf = (port: unknown): number => (port === 'http' ? 3000 : Number(port));

function within(cidr: string, ip: string): boolean {
  const [network = '', bits] = cidr.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return isIP(ip) === isIP(network) && list.check(ip, family);
}
