/**
 * Takes ION's events, and nobody else's. `node receiver.ts`, with PORT and ION_SHARED_SECRET; while one secret takes the
 * place of another, both, with a space between.
 */
import { createServer } from "node:http";
import { verifySignature } from "pulumi-ion/signature";

const { ION_SHARED_SECRET = "", PORT = "8080" } = process.env;
const SECRETS = ION_SHARED_SECRET.split(/\s+/).filter(Boolean);
const MOST_BYTES = 1_000_000;

const server = createServer(async (request, response) => {
  const answer = (status: number) => response.writeHead(status).end();
  if (request.method !== "POST") return answer(405);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BYTES) return answer(413);
  }
  // The bytes as they came: parsed and written again, they would have another signature.
  const body = Buffer.concat(chunks);
  const signature = request.headers["x-ion-signature"];
  if (!SECRETS.some((secret) => verifySignature(body, signature, secret))) return answer(401);
  try {
    take(JSON.parse(body.toString()));
    answer(204);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    // ION will send it again.
    answer(500);
  }
});

/** ION delivers at least once: what comes twice has to do no harm. */
function take(event: unknown) {
  console.log("an event of ION's:", event);
}

if (SECRETS.length === 0) {
  console.error("ION_SHARED_SECRET is not set: every event would be refused.");
  process.exit(1);
}
server.listen(Number(PORT), () => console.log("listening", server.address()));
