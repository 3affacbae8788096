export type { PGliteLike, PoolLike, PostgresClient } from "./borrow-database.ts";
export { FAULT_REASONS, type FaultReason } from "./fault-reasons.ts";
export type {
  ConnectDirectoryOptions,
  ConnectOptions,
  ConnectServerOptions,
  PostgresStoreOptions,
} from "./options.ts";
export { PostgresCheckpointStore } from "./postgres-checkpoint-store.ts";
export type { TableLocation } from "./table-names.ts";
