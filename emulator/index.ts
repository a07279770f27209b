/** The public API of ion-emulator. */

export type {
  Delivery,
  DeliveryAttempt,
  DeliveryOptions,
  DeliveryState,
  Emission,
  EmitOptions,
} from "./deliveries/delivery.ts";
export { type Emulator, type EmulatorOptions, type FaultControl, startEmulator } from "./emulator.ts";
export type { FaultStatus } from "./faults/faults.ts";
export { type Fault, type FaultAim, type FaultKind, type FaultTarget, faultKinds } from "./faults/kinds.ts";
export type { Settings } from "./graphql/resolvers.ts";
export type { Authorization } from "./http/auth.ts";
export type { LoggedField, LoggedRequest, Outcome } from "./http/requestLog.ts";
export type { TokenPath } from "./server.ts";
export { DataFileError } from "./store/dataFile.ts";
export {
  type Changes,
  type Header,
  type HeaderInput,
  type Receiver,
  type ReceiverInput,
  Store,
  type StoreChange,
  type StoreState,
  type Subscription,
  type SubscriptionInput,
} from "./store/store.ts";
export { StoreError } from "./store/validation.ts";
