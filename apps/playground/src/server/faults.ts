import * as z from "zod";

/** The schema of a fault in a scenario. */
export const faultSchema = z.object({
  /** Default: any. */
  method: z.string().optional(),
  /** A path. A `*` at its end matches anything. */
  path: z.string().startsWith("/"),
  /** The number of calls that succeed before it begins. */
  after: z.int().min(0).default(0),
  /** The number of calls that it lasts. Default: for ever. */
  times: z.int().positive().optional(),
  /** The delay of every answer, in milliseconds. */
  delayMs: z.number().min(0).default(0),
  /** The services answer with this status and do nothing. */
  status: z.int().min(400).max(599).optional(),
  /** With `status`: sent as `Retry-After`. Earlier calls are refused, too, and do not count. */
  retryAfterSeconds: z.int().min(0).optional(),
});

/** A fault of the services. */
export type Fault = z.output<typeof faultSchema>;

/** The effect of the faults on one request. */
export interface Disturbance {
  delayMs: number;
  refusal?: { status: number; retryAfterSeconds?: number };
}

/** Applies faults to requests in the order of their arrival. */
export class FaultPlan {
  #faults: { fault: Fault; calls: number; refusedUntil: number }[] = [];

  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, calls: 0, refusedUntil: 0 }));
  }

  next(method: string, path: string, nowMs: number = performance.now()): Disturbance {
    const disturbance: Disturbance = { delayMs: 0 };
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (!matches(fault, method, path)) continue;
      const isTooSoon = nowMs < entry.refusedUntil;
      if (!isTooSoon) entry.calls += 1;
      const isOn = entry.calls > fault.after && entry.calls <= fault.after + (fault.times ?? Number.POSITIVE_INFINITY);
      if (!isOn) continue;
      disturbance.delayMs = Math.max(disturbance.delayMs, fault.delayMs);
      if (fault.status === undefined) continue;
      const { status, retryAfterSeconds } = fault;
      if (retryAfterSeconds !== undefined && !isTooSoon) entry.refusedUntil = nowMs + retryAfterSeconds * 1000;
      disturbance.refusal = { status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    }
    return disturbance;
  }
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  return fault.path.endsWith("*") ? path.startsWith(fault.path.slice(0, -1)) : path === fault.path;
}
