"""ION's webhooks for Violet."""

import pulumi
import pulumi_ion as ion

config = pulumi.Config()

# One receiver with 34 subscriptions: 17 resources × CREATE and UPDATE.
violet = ion.VioletWebhooks("violet", webhook_uri=config.require_secret("webhookUri"))

pulumi.export("receiverId", violet.receiver_id)
