export type { RedisConnectOptions, RedisStoreOptions } from "./options.ts";
export { RedisCheckpointStore } from "./redis-checkpoint-store.ts";
export type { RedisClient } from "./redis-client.ts";
