/** Whether a host name, as written in a URL or a Host header, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|(.+\.)localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}
