export { MAX_ID_BYTES, MAX_NAME_BYTES } from "../limits.ts";
export { safeError } from "../safe-error.ts";
export { tell } from "../tell.ts";
export { cleanText, listed, quoted } from "../text.ts";
export { MAX_TIME_MS } from "../time.ts";
export { checkAddress } from "./address.ts";
export {
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkDeleteUnusedDefinitions,
  checkNewExecution,
  checkReadCheckpoints,
  MAX_CHECKPOINTS,
} from "./arguments.ts";
export type {
  CheckpointKind,
  CheckpointRecord,
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ErrorRecord,
  ExecutionRecord,
  ExecutionRef,
  FailureRecord,
  HeadUpdate,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
  StoreCapabilities,
  WaitingNode,
  WorkflowStatus,
} from "./checkpoint-store.ts";
export { checkId, checkObject, invalid as invalidArgument, MAX_FAILURE_BYTES, MAX_LEASE_MS } from "./checks.ts";
export { DefinedStore, defineStore } from "./define-store.ts";
export { checkNames, checkOptions } from "./fields.ts";
export { MAX_METADATA_BYTES, MAX_REASON_LENGTH, MAX_WAITING } from "./head-values.ts";
export { interceptStore, type StoreMethod } from "./intercept-store.ts";
export { checkListExecutions, type ListQuery } from "./list-query.ts";
export { matchesQuery } from "./matches-query.ts";
export {
  compareIds,
  DEFAULT_PAGE_SIZE,
  decodeCursor,
  encodeCursor,
  MAX_PAGE_SIZE,
  type PagePosition,
  type SortKey,
} from "./paging.ts";
export { notFound } from "./refusals.ts";
export {
  alreadyExists,
  bringsSnapshot,
  claimedHead,
  claimRefusal,
  commitRefusal,
  committedHead,
  createdHead,
  damagedExecution,
  MAX_COUNTER,
  selectedNumbers,
} from "./rules.ts";
export { isEnded } from "./status.ts";
export {
  type HistoryRange,
  type ListedExecution,
  REFUSED,
  type Refused,
  type StoreDriver,
  type StoredHead,
} from "./store-driver.ts";
export {
  keepsChanging,
  STORE_FAULTS,
  type StoreFault,
  storeClosed,
  storeFaultOf,
  unavailable,
} from "./store-faults.ts";
export { STORE_INTERFACE } from "./store-interface.ts";
export { readStoredCheckpoint, readStoredHead, type StoredFields } from "./stored-records.ts";
export { type FieldWriter, type FieldWriters, writeFields } from "./write-fields.ts";
