/** How documents are written for one ION: which operations it has, and where each value goes. */

import type { Operation } from "../http/operation.ts";
import { type Mutation, type RootField, usualRootField } from "../operations/mutations.ts";
import { type List, USUAL_LIST } from "../operations/queries.ts";

/**
 * How ION keeps headers: "created" with the id of their receiver, "attached" to a receiver after their creation, or "listed" in
 * the input of their receiver.
 */
export type HeaderShape = "created" | "attached" | "listed";

/** What to do if ION's schema is not as inferred. */
export const RUN_DOCTOR = "Run `npx --no-install pulumi-ion doctor`: it lists every name that differs.";

/** The shape of ION's API. */
export interface Shapes {
  /** A mutation as it is written. @throws IonError "unsupported" or "refused" if ION's schema has no place for it. */
  rootField(mutation: Mutation<unknown>): RootField;
  /** The list of all receivers. @throws IonError "unsupported" */
  receivers(): List;
  /** The list of all subscriptions, each with its receiver; undefined if ION has none. */
  subscriptions(): List | undefined;
  /** Reads receivers by their ids, under aliases; undefined if ION cannot. */
  receiversById(ids: readonly string[]): Operation | undefined;
  readonly headers: HeaderShape;
  /** The names that the fields of a subscription accept; undefined if the shape does not show them. */
  eventNames(): { readonly resource: readonly string[]; readonly action: readonly string[] } | undefined;
}

/** The usual shape: known from Violet's guide, or inferred. It is used until ION refuses a document. */
export const USUAL_SHAPES: Shapes = {
  rootField: usualRootField,
  receivers: () => USUAL_LIST,
  subscriptions: () => undefined,
  receiversById: () => undefined,
  headers: "created",
  eventNames: () => undefined,
};
