package erp;

import com.pulumi.Pulumi;
import com.pulumi.ion.WebhookReceiver;
import com.pulumi.ion.WebhookReceiverArgs;
import com.pulumi.ion.WebhookSubscription;
import com.pulumi.ion.WebhookSubscriptionArgs;
import java.util.Map;

/** A webhook receiver and its subscriptions, in Java. */
public class App {
  public static void main(String[] args) {
    Pulumi.run(ctx -> {
      var erp = new WebhookReceiver("erp", WebhookReceiverArgs.builder()
          .webhookUri(ctx.config().requireSecret("webhookUri"))
          .headers(Map.of("X-Plant", "7"))
          .build());
      new WebhookSubscription("parts", WebhookSubscriptionArgs.builder()
          .receiverId(erp.id())
          .resource("PARTS")
          .action("UPDATE")
          .build());
      new WebhookSubscription("runs", WebhookSubscriptionArgs.builder()
          .receiverId(erp.id())
          .resource("RUNS")
          .action("CREATE")
          .build());
      ctx.export("sharedSecret", erp.sharedSecret());
    });
  }
}
