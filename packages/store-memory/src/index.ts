export { MemoryCheckpointStore, type MemoryCheckpointStoreOptions } from "./memory-checkpoint-store.ts";
