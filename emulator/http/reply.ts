/** An HTTP response. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a request is answered: with a reply, by closing the connection, or not at all. */
export type Answer = Reply | "drop" | "hang";

export const jsonType = { "Content-Type": "application/json; charset=utf-8" };

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...jsonType, ...headers }, body: JSON.stringify(body) };
}

/** A page like those of gateways and load balancers: a title and nothing else. */
export function htmlPage(status: number, title: string): Reply {
  const body = `<html>
<head><title>${title}</title></head>
<body>
<center><h1>${title}</h1></center>
</body>
</html>
`;
  return { status, headers: { "Content-Type": "text/html" }, body };
}
