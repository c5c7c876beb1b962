import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const unroutable = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  unroutable.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  unroutable.addSubnet(net, bits, 'ipv6');

/** Loopback, private, link-local and other addresses that the public internet does not route. */
export const isPrivateAddress = (address: string): boolean =>
  // A mapped IPv6 address (::ffff:10.0.0.1) is checked against the IPv4 nets by BlockList itself.
  unroutable.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Refuses names that lead to a private address; asked by the socket itself, so no second answer can differ. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const blocked = addresses.find(({ address }) => isPrivateAddress(address));
    const [first] = addresses;
    if (blocked || !first) return callback(new Error(`${hostname} leads to a private address.`), '', 0);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};
