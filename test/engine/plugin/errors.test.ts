import type { Metadata } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb.js";
import { Status } from "@pulumi/pulumi/proto/status_pb.js";
import { expect, it } from "vitest";
import { toServiceError } from "../../../provider/src/engine/plugin/errors.ts";
import { toWire } from "../../../provider/src/engine/plugin/wire.ts";
import { PartialStateError } from "../../../provider/src/lifecycle/resourceHandler.ts";

const ENDPOINT = "https://ion.example";

/** What an engine records of an object that was created in part. */
function recorded(description: string) {
  const state = toWire({ ionEndpoint: ENDPOINT, description });
  const { metadata } = toServiceError(new PartialStateError("7", state, ["Out of headers"]));
  const [bytes] = (metadata as Metadata).get("grpc-status-details-bin") as Buffer[];
  const [any] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const failed = any?.unpack(ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
  return { size: bytes?.length ?? 0, id: failed?.getId(), state: failed?.getProperties()?.toJavaScript() };
}

it("an object that was created in part is recorded as a whole", () => {
  const description = "d".repeat(200_000);
  expect(recorded(description)).toMatchObject({ id: "7", state: { ionEndpoint: ENDPOINT, description } });
});

it("keeps the id of an object that was created in part, however large its state is", () => {
  const { size, id, state } = recorded("d".repeat(20_000_000));
  expect({ id, state }).toEqual({ id: "7", state: { ionEndpoint: ENDPOINT } });
  expect(size).toBeLessThan(10_000);
});
