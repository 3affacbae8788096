/** What the status of an old row says: how the execution ended, or that it has not. */
export type OldStatus = "completed" | "failed" | "cancelled" | "unfinished";

/** The usual words, in lower case and without spaces, hyphens and underscores. */
const WORDS: Readonly<Record<OldStatus, readonly string[]>> = {
  completed: ["completed", "complete", "success", "successful", "succeeded", "done", "finished", "ok", "passed"],
  failed: ["failed", "failure", "fail", "error", "errored", "exception", "crashed", "timeout", "timedout", "expired"],
  cancelled: ["cancelled", "canceled", "aborted", "stopped", "terminated", "killed", "revoked"],
  unfinished: [
    "pending",
    "running",
    "waiting",
    "queued",
    "new",
    "created",
    "scheduled",
    "delayed",
    "started",
    "inprogress",
    "active",
    "processing",
    "paused",
    "suspended",
    "retrying",
    "retry",
    "enqueued",
    "executing",
    "sleeping",
    "idle",
    "blocked",
    "interrupted",
    "unknown",
  ],
};

const STATUSES = new Map(
  (Object.keys(WORDS) as OldStatus[]).flatMap((status) => WORDS[status].map((word) => [word, status] as const)),
);

/** Reads the status of an old row, in any case ("IN_PROGRESS"); `undefined` for a word that is not known. */
export function oldStatusOf(word: string): OldStatus | undefined {
  return word.length > 100 ? undefined : STATUSES.get(word.toLowerCase().replaceAll(/[\s_-]/g, ""));
}
