/**
 * An HTTP server that accepts only events signed by ION. Run `node receiver.ts` with the environment variables PORT and
 * ION_SHARED_SECRET. While you rotate the secret, set both values, separated by a space.
 */
import { createServer } from "node:http";
import { verifySignature } from "pulumi-ion/signature";

const { ION_SHARED_SECRET = "", PORT = "8080" } = process.env;
const SECRETS = ION_SHARED_SECRET.split(/\s+/).filter(Boolean);
const MAX_BYTES = 1_000_000;

const server = createServer(async (request, response) => {
  const respond = (status: number) => response.writeHead(status).end();
  if (request.method !== "POST") return respond(405);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BYTES) return respond(413);
  }
  // The signature covers the raw bytes: parsing and serializing them again would change them.
  const body = Buffer.concat(chunks);
  const signature = request.headers["x-ion-signature"];
  if (!SECRETS.some((secret) => verifySignature(body, signature, secret))) return respond(401);
  try {
    handle(JSON.parse(body.toString()));
    respond(204);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    // ION retries the event.
    respond(500);
  }
});

/** Handles one event. ION delivers at least once, so handling the same event twice must be harmless. */
function handle(event: unknown) {
  console.log("received an event:", event);
}

if (SECRETS.length === 0) {
  console.error(
    "ION_SHARED_SECRET is not set. Set it to the receiver's shared secret; without it, no event can be verified.",
  );
  process.exit(1);
}
server.listen(Number(PORT), () => console.log("listening", server.address()));
