import type { LookupFunction } from "node:net";

/** Whether a host name, as written in a URL or a Host header, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|(.+\.)localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

/** Resolves localhost without DNS, which could return an address of another machine (RFC 6761, 6.3). */
export const lookUpLoopback: LookupFunction = (_hostname, { all }, found) => {
  if (!all) return found(null, "127.0.0.1", 4);
  return found(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
};
