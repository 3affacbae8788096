import {
  type CheckpointRecord,
  type ExecutionRecord,
  readStoredCheckpoint,
  readStoredHead,
  type StoredFields,
} from "@waymark/core/store";

/** A head as it is stored: the record, and the store's own fields. A field that cannot be read is "". */
export interface Head {
  /** Its `unreadable` names the fields below as well. */
  record: ExecutionRecord;
  /** The token under which it was created: the stamp of its entries in indexes that it never leaves. */
  creationStamp: string;
  /** The stamp of its entries in the index of its status and, while it runs, in that of leases. */
  statusStamp: string;
  /** The stamp of its entries in the indexes of executions that have a `wakeAt`. Absent without one. */
  wakeStamp?: string;
  initialId: string;
  claimId?: string | undefined;
  commitId?: string | undefined;
}

const TOKEN = /^\d{1,16}$/;
const STAMP = /^\d{1,16}(\.\d{1,16})?$/;

/** Reads a head from the fields and values of its hash. Returns `undefined` if there are none. Never throws. */
export function decodeHead(id: string, flat: readonly string[]): Head | undefined {
  if (flat.length === 0) return undefined;
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] as string, flat[i + 1] as string);
  const record = readStoredHead({ ...Object.fromEntries(fields), id });
  const unreadable = [...(record.unreadable ?? [])];
  const read = (name: string, isSound: (text: string) => boolean): string => {
    const text = fields.get(name);
    if (text !== undefined && isSound(text)) return text;
    unreadable.push(name);
    return "";
  };
  // No entry has a token from before the creation, or a higher one than the head's.
  const newest = unreadable.includes("token") ? Number.MAX_SAFE_INTEGER : record.token;
  const creationStamp = read("born", (text) => TOKEN.test(text) && Number(text) <= newest);
  const isStamp = (text: string) =>
    STAMP.test(text) && isBetween(Number.parseInt(text, 10), Number(creationStamp), newest);
  const head: Head = {
    record,
    creationStamp,
    statusStamp: read("entry", isStamp),
    initialId: read("initialId", (text) => text !== ""),
    claimId: fields.get("claimId"),
    commitId: fields.get("commitId"),
  };
  if (fields.has("wakeAt") || fields.has("wake")) {
    head.wakeStamp = read("wake", isStamp);
    if (!fields.has("wakeAt")) unreadable.push("wakeAt");
  }
  if (unreadable.length > 0) head.record = { ...record, unreadable };
  return head;
}

function isBetween(value: number, least: number, most: number): boolean {
  return least <= value && value <= most;
}

/** Reads a record of the history. @throws {WorkflowError} STATE_CORRUPT */
export function decodeRecord(text: string, seq: number): CheckpointRecord {
  const end = text.indexOf("\n");
  return readStoredCheckpoint({ ...headerOf(text.slice(0, Math.max(end, 0))), payload: text.slice(end + 1), seq });
}

/** Parses a header. One that is damaged has no fields. */
function headerOf(text: string): StoredFields<CheckpointRecord> {
  try {
    return JSON.parse(text) as StoredFields<CheckpointRecord>;
  } catch {
    return {};
  }
}
