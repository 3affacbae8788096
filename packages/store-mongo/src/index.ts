export { MongoCheckpointStore } from "./mongo-checkpoint-store.ts";
export type { MongoConnectOptions, MongoStoreOptions } from "./options.ts";
