import { headChecksum, recordChecksum, type SealedHead, type SealedRecord } from "./record-seal.ts";

/** Tells whether an id has checksums. Ids made before they did, or by hand, have none, and are taken as they are. */
export function isSealed(id: string): boolean {
  return SEALED.test(id);
}

/** Tells whether a record is as it was written. Only for ids that {@link isSealed}. */
export function recordIsIntact(id: string, record: SealedRecord, executionId: string): boolean {
  return id.slice(37, 45) === recordChecksum(id.slice(0, 36), record.seq, record, executionId);
}

/** Tells whether a head is as it was when its newest record was written. Only for ids that {@link isSealed}. */
export function headIsIntact(id: string, head: SealedHead): boolean {
  return id.slice(45) === headChecksum(id.slice(0, 36), head);
}

const SEALED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{16}$/;
