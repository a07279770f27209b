"""A webhook receiver and its subscriptions, in Python."""

import pulumi
import pulumi_ion as ion

config = pulumi.Config()

erp = ion.WebhookReceiver("erp", webhook_uri=config.require_secret("webhookUri"), headers={"X-Plant": "7"})
ion.WebhookSubscription("parts", receiver_id=erp.id, resource="PARTS", action="UPDATE")
ion.WebhookSubscription("runs", receiver_id=erp.id, resource="RUNS", action="CREATE")

pulumi.export("sharedSecret", erp.shared_secret)
