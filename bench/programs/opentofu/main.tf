# Violet's guide with a generic GraphQL provider: one resource per object.
terraform {
  required_providers {
    graphql = { source = "sullivtr/graphql" }
  }
}

variable "endpoint" { type = string }

variable "token" {
  type      = string
  sensitive = true
}

provider "graphql" {
  url     = var.endpoint
  headers = { Authorization = "Bearer ${var.token}" }
}

locals {
  resources = split(" ", "ABOM_INSTALLATIONS FILE_ATTACHMENTS ISSUES ORGANIZATIONS PARTS PLAN_INPUTS PLAN_ITEMS PLANS PROCEDURES PURCHASE_ORDER_LINES PURCHASE_ORDERS RECEIPTS RECEIPT_ITEMS RUNS RUN_STEPS STEPS SUPPLIERS")
  events    = { for pair in setproduct(local.resources, ["CREATE", "UPDATE"]) : join("-", pair) => { resource = pair[0], action = pair[1] } }
}

resource "graphql_mutation" "violet" {
  mutation_variables  = { name = "Violet", webhookUri = "https://violet.example/hooks/bench" }
  compute_from_create = true
  compute_mutation_keys = {
    id = "createWebhookReceiver.webhookReceiver.id"
  }
  create_mutation = "mutation ($name: String!, $webhookUri: String!) { createWebhookReceiver(input: { name: $name, webhookUri: $webhookUri }) { webhookReceiver { id name webhookUri } } }"
  read_query      = "query ($id: ID!) { webhookReceiver(id: $id) { id name webhookUri } }"
  update_mutation = "mutation ($id: ID!) { updateWebhookReceiver(input: { id: $id }) { webhookReceiver { id } } }"
  delete_mutation = "mutation ($id: ID!, $etag: String!) { deleteWebhookReceiver(id: $id, etag: $etag) { id } }"
}

resource "graphql_mutation" "subscription" {
  for_each = local.events
  mutation_variables = {
    receiverId = graphql_mutation.violet.computed_read_operation_variables.id
    resource   = each.value.resource
    action     = each.value.action
  }
  compute_from_create = true
  compute_mutation_keys = {
    id = "createWebhookSubscription.webhookSubscription.id"
  }
  create_mutation = "mutation ($receiverId: ID!, $resource: ResourceEnum!, $action: WebhookSubscriptionActionsEnum!) { createWebhookSubscription(input: { receiverId: $receiverId, resource: $resource, action: $action }) { webhookSubscription { id receiverId resource action } } }"
  read_query      = "query ($id: ID!) { webhookSubscription(id: $id) { id receiverId resource action } }"
  update_mutation = "mutation ($id: ID!) { updateWebhookSubscription(input: { id: $id }) { webhookSubscription { id } } }"
  delete_mutation = "mutation ($id: ID!) { deleteWebhookSubscription(id: $id) { id } }"
}
