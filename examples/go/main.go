// A webhook receiver and its subscriptions, in Go.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"pulumi-ion/sdk/go/ion"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		erp, err := ion.NewWebhookReceiver(ctx, "erp", &ion.WebhookReceiverArgs{
			WebhookUri: config.RequireSecret(ctx, "webhookUri"),
			Headers:    pulumi.StringMap{"X-Plant": pulumi.String("7")},
		})
		if err != nil {
			return err
		}
		for _, event := range []struct{ name, resource, action string }{
			{"parts", "PARTS", "UPDATE"},
			{"runs", "RUNS", "CREATE"},
		} {
			if _, err := ion.NewWebhookSubscription(ctx, event.name, &ion.WebhookSubscriptionArgs{
				ReceiverId: erp.ID(),
				Resource:   pulumi.String(event.resource),
				Action:     pulumi.String(event.action),
			}); err != nil {
				return err
			}
		}
		ctx.Export("sharedSecret", erp.SharedSecret)
		return nil
	})
}
