import { expect, it } from "vitest";
import { IonError } from "../../provider/src/ion/errors.ts";
import { findReceiver, listReceivers, sourceAddresses } from "../../provider/src/lifecycle/lookUps.ts";
import { failureOf, intercept, ionOn, reversed, rewrite, start } from "../support/support.ts";

/** An emulator with receivers of these names. */
async function withReceivers(...names: readonly string[]) {
  const emulator = await start();
  names.forEach(
    (name, at) => void emulator.store.createReceiver({ name, webhookUri: `https://hooks.example/${at + 1}` }),
  );
  return emulator;
}

it("says by the kind of its error whether nothing was asked for, nothing matches, or too much", async () => {
  const ion = ionOn(await withReceivers("crm", "crm", "erp"));
  const kindFor = async (criteria: object) => (await failureOf(findReceiver(ion, criteria))).kind;
  expect(await kindFor({ id: undefined })).toBe("invalid");
  expect(await kindFor({ name: "mes" })).toBe("notFound");
  expect(await kindFor({ name: "crm" })).toBe("ambiguous");
});

it("lists receivers oldest first, in whatever order ION lists them", async () => {
  const emulator = await withReceivers("crm", "erp", "mes");
  const ion = ionOn(emulator, { fetch: intercept((_sent, pass) => reversed(pass())) });
  expect((await listReceivers(ion)).map(({ name }) => name)).toEqual(["crm", "erp", "mes"]);
  expect((await failureOf(findReceiver(ion, { name: "x" }))).message).toContain(
    '"crm" (id 1), "erp" (id 2), "mes" (id 3)',
  );
});

it("says that ION masks URLs only if one was asked for and some are masked", async () => {
  const emulator = await withReceivers("crm", "erp");
  const masksFirst = intercept((_sent, pass) =>
    rewrite(pass(), (body) => body.replace('"webhookUri":"https://hooks.example/1"', '"webhookUri":null')),
  );
  const messageFor = async (fetch: typeof globalThis.fetch | undefined, criteria: object) =>
    (await failureOf(findReceiver(ionOn(emulator, fetch && { fetch }), criteria))).message;
  const advice = "ION does not show this API key every webhookUri";
  expect(await messageFor(masksFirst, { webhookUri: "https://hooks.example/1" })).toContain(advice);
  expect(await messageFor(masksFirst, { name: "x" })).not.toContain(advice);
  expect(await messageFor(undefined, { webhookUri: "https://hooks.example/9" })).not.toContain(advice);
});

it("returns the source addresses of production if no stage is given", () => {
  expect(sourceAddresses("us")).toEqual(sourceAddresses("us", "production"));
  expect(() => sourceAddresses("nowhere")).toThrow(IonError);
  try {
    sourceAddresses("us", "constructor");
  } catch (error) {
    expect(error).toMatchObject({ kind: "invalid" });
  }
});
