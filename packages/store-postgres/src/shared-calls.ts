import { storeFaultOf } from "@waymark/core/store";
import type { Row } from "./database.ts";

/** The statements of calls of one kind, each for one execution. They return the rows of a call. */
export interface CallKind<Request> {
  /** Makes one call. */
  one(request: Request, startedAt: number): Promise<Row[]>;
  /** Makes several calls in one statement. Each row has the place of its call in the list as `at`. */
  together(requests: readonly Request[], startedAt: number): Promise<Row[]>;
}

/** A call that waits to be sent. */
interface Waiting<Request> {
  request: Request;
  startedAt: number;
  resolve(rows: Row[]): void;
  reject(error: unknown): void;
}

const MAX_SHARED = 128;

// Taken once, so that fake timers of a test do not hold calls up.
const afterThisTurn = globalThis.setImmediate;

/**
 * Sends the calls of one turn of the event loop in one statement: a worker that has fetched jobs asks for all their
 * executions at once, and a round trip for each would cost more than its work.
 *
 * - Calls stay separate: one that the server cannot make does not fail the others.
 */
export class SharedCalls<Request> {
  readonly #kind: CallKind<Request>;
  #waiting: Waiting<Request>[] = [];

  constructor(kind: CallKind<Request>) {
    this.#kind = kind;
  }

  /** Makes a call, and returns its rows. */
  call(request: Request): Promise<Row[]> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, startedAt, resolve, reject });
      if (this.#waiting.length === 1) afterThisTurn(() => this.#sendAll());
    });
  }

  #sendAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MAX_SHARED) {
      void this.#send(waiting.slice(from, from + MAX_SHARED));
    }
  }

  async #send(calls: readonly Waiting<Request>[]): Promise<void> {
    const [only] = calls;
    if (only === undefined) return;
    if (calls.length === 1) return this.#alone(only);
    try {
      const rows = await this.#kind.together(
        calls.map(({ request }) => request),
        only.startedAt,
      );
      const found = calls.map((): Row[] => []);
      for (const row of rows) found[Number(row.at)]?.push(row);
      for (const [at, { resolve }] of calls.entries()) resolve(found[at] as Row[]);
    } catch (error) {
      const reason = storeFaultOf(error);
      // One call may have failed the statement; any other fault would fail each of them again.
      const isOfOne = reason === "server" || reason === "conflict";
      await Promise.all(calls.map((one) => (isOfOne ? this.#alone(one) : one.reject(error))));
    }
  }

  #alone({ request, startedAt, resolve, reject }: Waiting<Request>): Promise<void> {
    return this.#kind.one(request, startedAt).then(resolve, reject);
  }
}
