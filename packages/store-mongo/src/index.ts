export { MongoCheckpointStore } from "./mongo-checkpoint-store.ts";
export type { ConnectOptions, MongoStoreOptions } from "./options.ts";
export { FAULT_REASONS, type FaultReason } from "./translate-error.ts";
