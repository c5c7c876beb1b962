import { describe, expect, it } from 'vitest';
import { isPrivateAddress } from './private-address.js';

describe('a private address', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '172.31.255.255',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
  ])('is %s', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])('is not %s', (address) =>
    expect(isPrivateAddress(address)).toBe(false),
  );
});
