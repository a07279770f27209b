import * as pulumi from "@pulumi/pulumi";
import { expect, onTestFinished, vi } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { startProviders } from "../../../provider/src/engine/dynamic/entry.ts";
import { providerReference } from "../../../provider/src/engine/dynamic/providerReference.ts";
import { CANARY, configOf } from "../../support/support.ts";

export type Provider = Required<pulumi.dynamic.ResourceProvider>;
export type Properties = Record<string, unknown>;
export type Providers = Record<"webhookReceiver" | "webhookSubscription" | "unmanagedSubscriptions", Provider>;

export const URI = `https://hooks.example/${CANARY}`;
export const RECEIVER = { name: "erp", webhookUri: URI, __provider: providerReference("webhookReceiver") };
export const FULL = { ...RECEIVER, sharedSecret: `${CANARY}-secret`, headers: { "X-Plant": `${CANARY}-7` } };
export const SUBSCRIPTION = {
  receiverId: "1",
  resource: "PARTS",
  action: "UPDATE",
  __provider: providerReference("webhookSubscription"),
};

/** The providers of a new process of Pulumi's dynamic provider, with a stack config. */
export async function startProcess(config: Readonly<Record<string, string | undefined>>): Promise<Providers> {
  for (const name of ["ION_API_URI", "ION_AUTH_SERVER", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]) vi.stubEnv(name, "");
  const providers = startProviders() as Providers;
  const reader = { get: (key: string) => config[key] } as unknown as pulumi.dynamic.Config;
  for (const provider of Object.values(providers)) await provider.configure({ config: reader });
  return providers;
}

/** The same with a config that names an emulator. */
export const startProcessOn = (emulator: Emulator) => startProcess(configOf(emulator));

const isMarkedSecret = (value: unknown): value is { value: unknown } =>
  value !== null &&
  typeof value === "object" &&
  (value as Properties)[pulumi.runtime.specialSigKey] === pulumi.runtime.specialSecretSig;

/** Properties as Pulumi returns them to a provider: with secrets unwrapSecrets. */
export const unwrapSecrets = (properties: Properties): Properties =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, isMarkedSecret(value) ? value.value : value]),
  );

/** The names of the properties that are marked as secret, sorted. */
export const secretsIn = (properties: Properties) =>
  Object.keys(properties)
    .filter((name) => isMarkedSecret(properties[name]))
    .sort();

/** All properties that are not marked as secret, as JSON. */
export const plainTextOf = (properties: Properties) =>
  JSON.stringify(Object.fromEntries(Object.entries(properties).filter(([, value]) => !isMarkedSecret(value))));

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & Properties> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("The promise did not reject.");
  return outcome as Error & Properties;
}

/** Checks and creates a resource as the engine does. `state` is what Pulumi passes to later calls. */
export async function createResource(provider: Provider, inputs: Properties) {
  const { failures } = await provider.check({}, inputs);
  expect(failures).toEqual([]);
  const { id, outs = {} } = await provider.create(inputs);
  return { id, outs: outs as Properties, state: unwrapSecrets(outs as Properties) };
}

/** Hides what is printed to standard error until the end of the test, and returns it line by line. */
export function captureWarnings(): readonly string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  return lines;
}
