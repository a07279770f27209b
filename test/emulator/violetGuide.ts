// The two documents of Violet's public guide, character for character.

export const createReceiver = `# Create a receiver
mutation CreateWebhookReceiver($input: CreateWebhookReceiverInput!) {
    createWebhookReceiver(input: $input) {
        webhookReceiver {
            id name description webhookUri sharedSecret contentType expectedResponseCode
            active subscriptions { resource action id } headers { key value id }
        }
    }
}

`;

export const createReceiverInput = `{
  "input": {
    "name": "Violet",
    "webhookUri": "Replace this with the url copied from Violet"
  }
}
`;

export const createSubscriptions = `mutation {
  abomUpdate: createWebhookSubscription(input: { resource: ABOM_INSTALLATIONS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  abomCreate: createWebhookSubscription(input: { resource: ABOM_INSTALLATIONS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  filesUpdate: createWebhookSubscription(input: { resource: FILE_ATTACHMENTS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  filesCreate: createWebhookSubscription(input: { resource: FILE_ATTACHMENTS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  issuesUpdate: createWebhookSubscription(input: { resource: ISSUES, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  issuesCreate: createWebhookSubscription(input: { resource: ISSUES, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  organizationsUpdate: createWebhookSubscription(input: { resource: ORGANIZATIONS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  organizationsCreate: createWebhookSubscription(input: { resource: ORGANIZATIONS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  partsUpdate: createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  partsCreate: createWebhookSubscription(input: { resource: PARTS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  planInputsUpdate: createWebhookSubscription(input: { resource: PLAN_INPUTS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  planInputsCreate: createWebhookSubscription(input: { resource: PLAN_INPUTS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  planItemsUpdate: createWebhookSubscription(input: { resource: PLAN_ITEMS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  planItemsCreate: createWebhookSubscription(input: { resource: PLAN_ITEMS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  plansUpdate: createWebhookSubscription(input: { resource: PLANS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  plansCreate: createWebhookSubscription(input: { resource: PLANS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  proceduresUpdate: createWebhookSubscription(input: { resource: PROCEDURES, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  proceduresCreate: createWebhookSubscription(input: { resource: PROCEDURES, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  purchaseOrderLinesUpdate: createWebhookSubscription(input: { resource: PURCHASE_ORDER_LINES, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  purchaseOrderLinesCreate: createWebhookSubscription(input: { resource: PURCHASE_ORDER_LINES, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  purchaseOrdersUpdate: createWebhookSubscription(input: { resource: PURCHASE_ORDERS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  purchaseOrdersCreate: createWebhookSubscription(input: { resource: PURCHASE_ORDERS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  receiptsUpdate: createWebhookSubscription(input: { resource: RECEIPTS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  receiptsCreate: createWebhookSubscription(input: { resource: RECEIPTS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  receiptItemsUpdate: createWebhookSubscription(input: { resource: RECEIPT_ITEMS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  receiptItemsCreate: createWebhookSubscription(input: { resource: RECEIPT_ITEMS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  runsUpdate: createWebhookSubscription(input: { resource: RUNS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  runsCreate: createWebhookSubscription(input: { resource: RUNS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  runStepsUpdate: createWebhookSubscription(input: { resource: RUN_STEPS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  runStepsCreate: createWebhookSubscription(input: { resource: RUN_STEPS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  stepUpdate: createWebhookSubscription(input: { resource: STEPS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  stepCreate: createWebhookSubscription(input: { resource: STEPS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }

  suppliersUpdate: createWebhookSubscription(input: { resource: SUPPLIERS, action: UPDATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
  suppliersCreate: createWebhookSubscription(input: { resource: SUPPLIERS, action: CREATE, receiverId: "2" }) {
    webhookSubscription { id _etag }
  }
}

`;
