/**
 * The events that ION and Violet document. None of these lists is closed: ION's live schema decides, and grows without notice.
 */
import { sameEvent, type WebhookEvent } from "./webhooks.ts";

/** The resources of Violet's guide, in its order: what Violet can use today. */
export const VIOLET_RESOURCES = [
  "ABOM_INSTALLATIONS",
  "FILE_ATTACHMENTS",
  "ISSUES",
  "ORGANIZATIONS",
  "PARTS",
  "PLAN_INPUTS",
  "PLAN_ITEMS",
  "PLANS",
  "PROCEDURES",
  "PURCHASE_ORDER_LINES",
  "PURCHASE_ORDERS",
  "RECEIPTS",
  "RECEIPT_ITEMS",
  "RUNS",
  "RUN_STEPS",
  "STEPS",
  "SUPPLIERS",
] as const;

/** The actions of Violet's guide. */
export const VIOLET_ACTIONS = ["CREATE", "UPDATE"] as const;

/** Every action that ION documents. */
export const ACTIONS = ["CREATE", "UPDATE", "DELETE"] as const;

/** Every event of Violet's guide. */
export const GUIDE_EVENTS: readonly WebhookEvent[] = VIOLET_RESOURCES.flatMap((resource) =>
  VIOLET_ACTIONS.map((action) => ({ resource, action })),
);

/** Events that can be subscribed to but that ION never sends (Violet's guide, "Known Limitations"). */
export const NEVER_DELIVERED: readonly (WebhookEvent & { readonly reason: string })[] = [
  {
    resource: "PURCHASE_ORDER_LINES",
    action: "CREATE",
    reason:
      "ION sends no event when a purchase order line is created (Violet's guide, known limitation 1). " +
      "Violet gets new lines with its next scheduled fetch.",
  },
];

/** Those of {@link NEVER_DELIVERED} that are among some events. */
export const neverDelivered = (events: readonly WebhookEvent[]) =>
  NEVER_DELIVERED.filter((never) => events.some((one) => sameEvent(one, never)));
