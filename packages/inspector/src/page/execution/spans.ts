/** The fields of a record that its span is made of. */
export interface SpanRecord {
  seq: number;
  kind: string;
  nodeId: string;
  nodeName: string;
  visit: number;
  attempt: number;
  durationMs: number;
  timestamp: string;
  error?: { message: string } | undefined;
  retryAt?: string | undefined;
  begun?: readonly { nodeId: string; attempt: number }[] | undefined;
  waits?:
    | readonly {
        nodeId: string;
        visit: number;
        since: string;
        until?: string | undefined;
        reason?: string | undefined;
      }[]
    | undefined;
  answers?: readonly { nodeId: string; visit: number; timedOut: boolean }[] | undefined;
  definitionChanged?: true | undefined;
}

/** A bar of the waterfall. Times are in milliseconds since the epoch. */
export interface Span {
  seq: number;
  nodeId: string;
  title: string;
  note?: string;
  kind: "start" | "node" | "error" | "wait" | "answer" | "crash" | "save";
  fromMs: number;
  toMs: number;
}

/**
 * Makes the spans of records that are newest first: attempts, waits, and what crashes have cut off.
 *
 * - A wait lasts until it is answered, or until `nowMs`.
 */
export function spansOf(
  records: readonly SpanRecord[],
  nowMs: number,
  names: ReadonlyMap<string, string> = new Map(),
): Span[] {
  const nameOf = (nodeId: string) => names.get(nodeId) ?? nodeId;
  /** When a wait was answered, by node and visit. Read from the newest on, so an answer is known before its wait. */
  const answered = new Map<string, number>();
  return records.map((record, index) => {
    const at = Date.parse(record.timestamp);
    const { seq, nodeId, kind, nodeName, visit, attempt, durationMs } = record;
    const beforeMs = Date.parse(records[index + 1]?.timestamp ?? record.timestamp);
    const base = { seq, nodeId, fromMs: at, toMs: at };
    if (kind === "save" || nodeId === "" || seq === 0) {
      const [answer] = record.answers ?? [];
      const [wait] = record.waits ?? [];
      const [begun] = record.begun ?? [];
      for (const each of record.answers ?? []) answered.set(`${each.nodeId} ${each.visit}`, at);
      if (answer !== undefined) {
        const title = answer.timedOut
          ? `${nameOf(answer.nodeId)}: its time was over`
          : `${nameOf(answer.nodeId)} was answered`;
        return { ...base, nodeId: answer.nodeId, kind: "answer", title };
      }
      if (wait !== undefined) {
        const key = `${wait.nodeId} ${wait.visit}`;
        const toMs = answered.get(key) ?? nowMs;
        answered.delete(key);
        const note = wait.reason === undefined ? {} : { note: wait.reason };
        const span = { ...base, nodeId: wait.nodeId, fromMs: Date.parse(wait.since), toMs: Math.max(at, toMs) };
        return { ...span, kind: "wait", title: `${nameOf(wait.nodeId)} waits`, ...note };
      }
      if (begun !== undefined) {
        const note = `attempt ${begun.attempt}, after a crash had cut off the one before`;
        return {
          ...base,
          nodeId: begun.nodeId,
          fromMs: beforeMs,
          kind: "crash",
          title: `${nameOf(begun.nodeId)} begins again`,
          note,
        };
      }
      if (seq === 0) return { ...base, kind: "start", title: "Start" };
      return {
        ...base,
        kind: "save",
        title: record.definitionChanged === true ? "Another definition from here on" : "Saved",
      };
    }
    const isError = record.error !== undefined;
    const parts = [
      visit > 1 ? `visit ${visit}` : "",
      attempt > 1 ? `attempt ${attempt}` : "",
      isError ? (record.error?.message ?? "") : "",
      record.retryAt === undefined ? "" : "tried again",
    ].filter((part) => part !== "");
    const note = parts.length === 0 ? {} : { note: parts.join(" · ") };
    return {
      ...base,
      kind: isError ? "error" : "node",
      title: names.get(nodeId) ?? nodeName,
      fromMs: at - durationMs,
      ...note,
    };
  });
}

/** The beginning and the end of all spans. They are never the same. */
export function rangeOf(spans: readonly Span[]): { fromMs: number; toMs: number } {
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    fromMs = Math.min(fromMs, span.fromMs);
    toMs = Math.max(toMs, span.toMs);
  }
  return { fromMs, toMs: Math.max(toMs, fromMs + 1) };
}
