/** Decides which addresses from visitors and content may become links. */

/** The address if it is absolute http(s); null for anything else (javascript:, data:, relative …). */
export function safeLink(address: string | null | undefined): string | null {
  if (!address || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

/** A web address without scheme and query, short enough to read: "shop.example/pricing". */
export function shortAddress(address: string): string {
  if (!URL.canParse(address)) return address;
  const { host, pathname } = new URL(address);
  return host + (pathname === '/' ? '' : pathname);
}
