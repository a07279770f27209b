import type { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { IonError } from "../../ion/errors.ts";

/** A resource that a component declares. */
export interface Declaration {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly inputs: Struct;
  /** The provider of a custom resource; undefined for a component. */
  readonly provider?: string;
  /** The URNs that `receiverId` comes from: they are created first, and deleted last. */
  readonly dependencies?: readonly string[];
  readonly protect?: boolean;
}

/** What Pulumi's engine answers. */
export interface Registered {
  readonly urn: string;
  /** Empty if it is not known yet, as in a preview. */
  readonly id: string;
}

/** Declares resources to Pulumi's engine, as a program does. */
export class Monitor {
  readonly #client: ResourceMonitorClient;
  readonly #messages: typeof import("@pulumi/pulumi/proto/resource_pb.js");

  private constructor(client: ResourceMonitorClient, messages: typeof import("@pulumi/pulumi/proto/resource_pb.js")) {
    this.#client = client;
    this.#messages = messages;
  }

  /** Connects to the engine. What speaks to it is loaded by the first component. */
  static async connect(address: string): Promise<Monitor> {
    const { credentials } = await import("@grpc/grpc-js");
    const { ResourceMonitorClient } = await import("@pulumi/pulumi/proto/resource_grpc_pb.js");
    const messages = await import("@pulumi/pulumi/proto/resource_pb.js");
    return new Monitor(new ResourceMonitorClient(address, credentials.createInsecure()), messages);
  }

  /** Declares a resource, and resolves when the engine is done with it. */
  register({ type, name, parent, inputs, provider, dependencies = [], protect }: Declaration): Promise<Registered> {
    const { RegisterResourceRequest } = this.#messages;
    const request = new RegisterResourceRequest()
      .setType(type)
      .setName(name)
      .setParent(parent)
      .setCustom(provider !== undefined)
      .setProvider(provider ?? "")
      .setObject(inputs)
      .setDependenciesList([...dependencies])
      .setAcceptsecrets(true)
      .setSupportspartialvalues(true);
    if (protect) request.setProtect(true);
    if (dependencies.length > 0) {
      const { PropertyDependencies } = RegisterResourceRequest;
      request.getPropertydependenciesMap().set("receiverId", new PropertyDependencies().setUrnsList([...dependencies]));
    }
    return new Promise((resolve, reject) => {
      this.#client.registerResource(request, (error, response) => {
        if (error) reject(new IonError("refused", `${name} was not declared: ${error.details}`));
        else resolve({ urn: response.getUrn(), id: response.getId() });
      });
    });
  }

  /** Ends the declaration of a component. */
  finish(urn: string, outputs: Struct): Promise<void> {
    const request = new this.#messages.RegisterResourceOutputsRequest().setUrn(urn).setOutputs(outputs);
    return new Promise((resolve, reject) => {
      this.#client.registerResourceOutputs(request, (error) => {
        if (error) reject(new IonError("refused", error.details));
        else resolve();
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}
