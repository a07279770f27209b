/** Properties as Pulumi's protocol sends them, and as plain data with a note of what is secret. */
import { CheckFailure, CheckResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import { type Failure, UNKNOWN } from "../../lifecycle/resourceHandler.ts";

/** Properties of a request, as plain data. */
export interface Incoming {
  readonly values: Record<string, unknown>;
  /** The properties that are secret, or contain a secret. */
  readonly secrets: Secrets;
}

/** The names of secret properties: secret as a whole, or entry by entry, so that the names of the entries are shown. */
export type Secrets = ReadonlyMap<string, "whole" | "entries">;

/** The key that marks the type of an object on the wire, and its values. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

/** How an unknown value of each type is sent. */
const UNKNOWNS: ReadonlySet<string> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** The properties of a request. A property without a value is left out; every unknown value is {@link UNKNOWN}. */
export function fromWire(struct: Struct | undefined): Incoming {
  const secrets = new Map<string, "whole" | "entries">();
  const values: Record<string, unknown> = {};
  struct?.getFieldsMap().forEach((wire, name) => {
    let hasSecret = false;
    const value = fromValue(wire, () => {
      hasSecret = true;
    });
    if (value === undefined || value === null) return;
    values[name] = value;
    if (hasSecret) secrets.set(name, isMarked(wire) ? "whole" : "entries");
  });
  return { values, secrets };
}

const isMarked = (wire: Value) =>
  wire.hasStructValue() && wire.getStructValue()?.getFieldsMap().has(SIGNATURE) === true;

function fromValue(wire: Value, onSecret: () => void): unknown {
  switch (wire.getKindCase()) {
    case Value.KindCase.STRING_VALUE: {
      const text = wire.getStringValue();
      return UNKNOWNS.has(text) ? UNKNOWN : text;
    }
    case Value.KindCase.NUMBER_VALUE:
      return wire.getNumberValue();
    case Value.KindCase.BOOL_VALUE:
      return wire.getBoolValue();
    case Value.KindCase.LIST_VALUE:
      return (wire.getListValue()?.getValuesList() ?? []).map((one) => fromValue(one, onSecret));
    case Value.KindCase.STRUCT_VALUE:
      return fromObject(wire.getStructValue() ?? new Struct(), onSecret);
    default:
      return null;
  }
}

function fromObject(struct: Struct, onSecret: () => void): unknown {
  const fields = struct.getFieldsMap();
  const value = fields.get("value");
  switch (fields.get(SIGNATURE)?.getStringValue()) {
    case SECRET:
      onSecret();
      return value ? fromValue(value, onSecret) : null;
    case OUTPUT:
      if (fields.get("secret")?.getBoolValue()) onSecret();
      return value ? fromValue(value, onSecret) : UNKNOWN;
    case RESOURCE:
      return fromValue(fields.get("id") ?? new Value(), onSecret);
  }
  const object: Record<string, unknown> = {};
  fields.forEach((one, name) => {
    object[name] = fromValue(one, onSecret);
  });
  return object;
}

/** The properties of an answer. What is undefined is left out. */
export function toWire(values: object, secrets: Secrets = new Map()): Struct {
  const struct = new Struct();
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (value !== undefined) struct.getFieldsMap().set(name, markedValue(value, secrets.get(name)));
  }
  return struct;
}

function markedValue(value: unknown, secret: "whole" | "entries" | undefined): Value {
  if (secret === undefined || value === UNKNOWN) return toValue(value);
  if (secret === "whole" || typeof value !== "object" || value === null || Array.isArray(value)) {
    const marked = new Struct();
    marked.getFieldsMap().set(SIGNATURE, toValue(SECRET)).set("value", toValue(value));
    return new Value().setStructValue(marked);
  }
  const entries = Object.keys(value).map((name) => [name, "whole"] as const);
  return new Value().setStructValue(toWire(value, new Map(entries)));
}

function toValue(value: unknown): Value {
  const wire = new Value();
  if (typeof value === "string") return wire.setStringValue(value);
  if (typeof value === "number") return wire.setNumberValue(value);
  if (typeof value === "boolean") return wire.setBoolValue(value);
  if (Array.isArray(value)) return wire.setListValue(new ListValue().setValuesList(value.map(toValue)));
  if (typeof value === "object" && value !== null) return wire.setStructValue(toWire(value));
  return wire.setNullValue(NullValue.NULL_VALUE);
}

/** An answer to a check. */
export function toCheckResponse(inputs: Struct, failures: readonly Failure[]): CheckResponse {
  const list = failures.map(({ property, reason }) => new CheckFailure().setProperty(property).setReason(reason));
  return new CheckResponse().setInputs(inputs).setFailuresList(list);
}
