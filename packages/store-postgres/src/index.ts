export type { PGliteLike, PoolLike, PostgresClient } from "./open-database.ts";
export type {
  ConnectDirectoryOptions,
  ConnectOptions,
  ConnectServerOptions,
  PostgresStoreOptions,
} from "./options.ts";
export { PostgresCheckpointStore } from "./postgres-checkpoint-store.ts";
export type { TableLocation } from "./table-names.ts";
export type { FaultReason } from "./translate-error.ts";
