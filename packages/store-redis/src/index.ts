export type { ConnectOptions, RedisStoreOptions } from "./options.ts";
export { RedisCheckpointStore } from "./redis-checkpoint-store.ts";
export type { RedisClient } from "./redis-client.ts";
export { FAULT_REASONS, type FaultReason } from "./translate-error.ts";
