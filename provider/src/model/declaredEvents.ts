/** The events that a component declares, by resource: what they come to, or why they are invalid. */
import type { WebhookEvent } from "./webhooks.ts";

type Actions = Readonly<Record<string, readonly string[] | undefined>>;

/** The events of a component, or why there are none: a sentence part that follows the component's name. */
export type DeclaredEvents =
  | { readonly events: readonly WebhookEvent[]; readonly problem?: undefined }
  | { readonly events?: undefined; readonly problem: string };

/** One event for each action, in the order in which they are declared. `unmanaged` is checked with them. */
export function eventsOf(subscriptions: Actions, unmanaged: string): DeclaredEvents {
  const entries = Object.entries(subscriptions);
  const empty = entries.find(([, actions]) => !Array.isArray(actions) || actions.length === 0);
  if (empty) {
    const [resource] = empty;
    return {
      problem: `subscribes to ${resource} without an action. Set a list such as ["CREATE", "UPDATE"], or remove ${resource}.`,
    };
  }
  if (entries.length === 0) {
    return { problem: 'subscribes to nothing. Declare at least one event, such as PARTS: ["UPDATE"].' };
  }
  if (!["delete", "report", "ignore"].includes(unmanaged)) {
    return { problem: 'must have unmanaged "delete", "report" or "ignore".' };
  }
  return {
    events: entries.flatMap(([resource, actions = []]) =>
      [...new Set(actions)].map((action) => ({ resource, action })),
    ),
  };
}

/** What is left of all actions on all resources, by resource. A misspelled exclusion would subscribe to what it should exclude. */
export function withoutExcluded(
  resources: readonly string[],
  actions: readonly string[],
  excluded: Actions,
): { readonly subscriptions: Actions; readonly problem?: string } {
  for (const [resource, some] of Object.entries(excluded)) {
    const unknown = some?.find((action) => !resources.includes(resource) || !actions.includes(action));
    if (unknown !== undefined) {
      return {
        subscriptions: {},
        problem: `excludes ${resource} ${unknown}, but it does not subscribe to that. Check the spelling, or remove it from exclude.`,
      };
    }
  }
  const included = resources.map(
    (resource) => [resource, actions.filter((action) => !excluded[resource]?.includes(action))] as const,
  );
  return { subscriptions: Object.fromEntries(included.filter(([, some]) => some.length > 0)) };
}
