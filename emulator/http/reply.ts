/** An answer over HTTP. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a request ends: with an answer, with its connection gone, or not at all until the client gives up. */
export type Ending = Reply | "drop" | "hang";

export const jsonType = { "Content-Type": "application/json; charset=utf-8" };

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...jsonType, ...headers }, body: JSON.stringify(body) };
}

/** A page as gateways and load balancers make it: nothing but its title. */
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
