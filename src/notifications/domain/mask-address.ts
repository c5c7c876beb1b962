/** `a…e@example.org`: enough for whoever owns the address, too little for somebody who found a link. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const name = [...address.slice(0, at)];
  return `${name[0] ?? ''}…${name.length > 2 ? name.at(-1) : ''}${address.slice(at)}`;
}
