/** Errors as Pulumi's protocol sends them. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describeBug, isIonError } from "../../ion/errors.ts";
import { withHelp } from "../../ion/help.ts";
import { PartialStateError } from "../../lifecycle/resourceHandler.ts";

/** Thrown for a method that this provider does not have. */
export class UnimplementedError extends Error {}

/** An error as an answer. Its message is for the person at the terminal. A partial state must be as the protocol sends it. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  if (error instanceof UnimplementedError) return { code: status.UNIMPLEMENTED, details: error.message };
  if (error instanceof PartialStateError) {
    return { code: status.UNKNOWN, details: error.message, metadata: initFailedDetails(error) };
  }
  const message = isIonError(error) ? withHelp(error).message : `pulumi-ion ${describeBug(error)}`;
  return { code: status.UNKNOWN, details: message };
}

/** The name under which gRPC sends structured details of an error. */
const DETAILS = "grpc-status-details-bin";

/** Bytes of details that an engine surely accepts: they travel in a header, and Pulumi's engine reads 16 MB of those. */
const MAX_STATE = 8 << 20;
const MAX_VALUE = 64 << 10;

/** A state for the details of an error. One that is too large is recorded without its large values: the next read finds them in ION. */
function bounded(state: Struct): Struct {
  if (state.serializeBinary().length <= MAX_STATE) return state;
  const fields = state.getFieldsMap();
  for (const [name, value] of [...fields.entries()]) {
    if (value.serializeBinary().length > MAX_VALUE) fields.del(name);
  }
  return state;
}

function initFailedDetails({ id, state, reasons, message }: PartialStateError<Struct>): Metadata {
  const failed = new ErrorResourceInitFailed()
    .setId(id)
    .setProperties(bounded(state))
    .setReasonsList([...reasons]);
  const any = new Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new Status().setCode(status.UNKNOWN).setMessage(message);
  answer.addDetails(any);
  const metadata = new Metadata();
  metadata.add(DETAILS, Buffer.from(answer.serializeBinary()));
  return metadata;
}
