// Posts one signed event as ION would, and fails if the receiving service rejects it.
import { createHmac } from "node:crypto";

const { WEBHOOK_URI = "", SHARED_SECRET = "" } = process.env;
const body = JSON.stringify({ test: true });
const signature = createHmac("sha256", SHARED_SECRET).update(body).digest("hex");
const headers = { "content-type": "application/json", "x-ion-signature": signature };
const answer = await fetch(WEBHOOK_URI, { method: "POST", headers, body }).catch(() => undefined);
if (!answer?.ok) {
  console.error(answer ? `The receiving service answered ${answer.status}.` : "The receiving service is unreachable.");
  process.exitCode = 1;
}
