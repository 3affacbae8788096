export { MongoCheckpointStore } from "./mongo-checkpoint-store.ts";
export type { MongoClientLike, MongoConnectOptions, MongoStoreOptions } from "./options.ts";
