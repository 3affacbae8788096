import { duration, relative } from "./time.ts";

/** The fields of an execution that its state is made of. */
export interface StateFields {
  status: string;
  readAt: string;
  leaseUntil?: string | undefined;
  wakeAt?: string | undefined;
  recoveries: number;
  failure?: { code: string; message: string; nodeId?: string | undefined } | undefined;
  waiting?: readonly { nodeName: string; reason?: string | undefined; until?: string | undefined }[] | undefined;
  waitingCount?: number | undefined;
  unreadable?: readonly string[] | undefined;
}

/** The state of an execution in words. */
export interface State {
  label: string;
  detail?: string;
  tone: "good" | "bad" | "busy" | "wait" | "warn" | "quiet";
}

/** Says what an execution does, and what it waits for. `now` is the store's time, in milliseconds. */
export function stateOf(execution: StateFields, now: number): State {
  const { status, failure, unreadable } = execution;
  if (unreadable !== undefined && unreadable.length > 0) {
    return { label: "Unreadable", detail: `damaged: ${unreadable.join(", ")}`, tone: "warn" };
  }
  switch (status) {
    case "completed":
      return { label: "Completed", tone: "good" };
    case "failed":
      return { label: "Failed", ...(failure === undefined ? {} : { detail: failure.message }), tone: "bad" };
    case "cancelled":
      return { label: "Cancelled", ...(failure === undefined ? {} : { detail: failure.message }), tone: "quiet" };
    case "running":
      return running(execution, now);
    case "suspended":
      return suspended(execution, now);
    default:
      return pending(execution, now);
  }
}

function running({ leaseUntil, recoveries }: StateFields, now: number): State {
  const until = leaseUntil === undefined ? Number.POSITIVE_INFINITY : Date.parse(leaseUntil);
  if (until <= now) {
    const detail = `owner lost ${duration(now - until)} ago; the next recovery takes it over`;
    return { label: "Owner lost", detail, tone: "warn" };
  }
  const taken = recoveries === 1 ? "taken over once" : `taken over ${recoveries} times`;
  return { label: "Running", ...(recoveries === 0 ? {} : { detail: `${taken} after a crash` }), tone: "busy" };
}

function suspended({ waiting = [], waitingCount = waiting.length, wakeAt }: StateFields, now: number): State {
  const [first] = waiting;
  if (first === undefined) return { label: "Waiting", ...(wakeAt && { detail: until(wakeAt, now) }), tone: "wait" };
  const more = waitingCount > 1 ? ` and ${waitingCount - 1} more` : "";
  if (first.until !== undefined && first.reason === undefined) {
    return { label: "Sleeping", detail: `${first.nodeName} sleeps, ${until(first.until, now)}${more}`, tone: "wait" };
  }
  const limit = first.until === undefined ? "" : `, ${until(first.until, now)}`;
  return {
    label: "Waiting",
    detail: `${first.reason ?? `for an answer to ${first.nodeName}`}${limit}${more}`,
    tone: "wait",
  };
}

function pending({ wakeAt, failure }: StateFields, now: number): State {
  if (wakeAt === undefined) return { label: "Not due", detail: "has to be resumed by hand", tone: "quiet" };
  const at = Date.parse(wakeAt);
  if (at <= now) return { label: "Due", detail: "waits for a process that runs it", tone: "wait" };
  if (failure !== undefined)
    return { label: "Retrying", detail: `next attempt ${relative(at, now)}: ${failure.message}`, tone: "warn" };
  return { label: "Pending", detail: `due ${relative(at, now)}`, tone: "wait" };
}

function until(iso: string, now: number): string {
  const at = Date.parse(iso);
  return at <= now ? "time is over" : `${duration(at - now)} left`;
}
