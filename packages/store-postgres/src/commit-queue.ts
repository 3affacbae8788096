import { type CommitRequest, storeFaultOf } from "@waymark/core/store";
import type { Run } from "./database.ts";
import { BatchStatements } from "./sql/batch-statement.ts";
import { CommitStatements } from "./sql/commit-statements.ts";
import type { TableNames } from "./sql/table-names.ts";

/** A commit that waits to be sent. */
interface Waiting {
  id: string;
  request: CommitRequest;
  startedAt: number;
  resolve(isMade: boolean): void;
  reject(error: unknown): void;
}

/**
 * Up to FEW waiting commits have a connection each, up to MAX_SIDE_BY_SIDE. More commits wait until the server has
 * answered, and are then sent together: statements that run side by side would each wait for the disk.
 */
const FEW = 2;
const MAX_SIDE_BY_SIDE = 4;
const MAX_BATCH = 128;
/** The most UTF-16 code units of payloads in a commit that shares a statement, and in all commits of one. */
const MAX_SHARED_PAYLOAD = 64 * 1024;
const MAX_BATCH_PAYLOAD = 1024 * 1024;

// Taken once, so that fake timers of a test do not hold commits up.
const afterThisTurn = globalThis.setImmediate;

/**
 * Sends commits: at once while few are under way, or else all that wait in one statement.
 *
 * - No commit waits for others to come: those that wait would otherwise have waited in the server.
 * - The commits of a batch are separate: a refused one does not prevent the others.
 */
export class CommitQueue {
  readonly #run: Run;
  readonly #single: CommitStatements;
  readonly #batches: BatchStatements;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #isSending = false;
  /** True if the last commits came several at a time. Then the next one waits for others of the same turn. */
  #hasCompany = false;

  constructor(names: TableNames, run: Run) {
    this.#run = run;
    this.#single = new CommitStatements(names);
    this.#batches = new BatchStatements(names);
  }

  /** Makes a commit. Returns false if it was refused. */
  async commit(id: string, request: CommitRequest): Promise<boolean> {
    const startedAt = performance.now();
    if (!canShare(request)) return this.#one(id, request, startedAt);
    if (this.#isQuiet()) return this.#atOnce(id, request, startedAt);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, request, startedAt, resolve, reject });
      this.#sendSoon();
    });
  }

  #isQuiet(): boolean {
    return !this.#hasCompany && this.#waiting.length === 0 && this.#underWay < MAX_SIDE_BY_SIDE;
  }

  async #atOnce(id: string, request: CommitRequest, startedAt: number): Promise<boolean> {
    this.#underWay += 1;
    try {
      return await this.#one(id, request, startedAt);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#sendSoon();
    }
  }

  /**
   * Sends after all answers that have arrived together are handled, so that the commits they lead to go together, too.
   */
  #sendSoon(): void {
    if (this.#isSending || !this.#maySend()) return;
    this.#isSending = true;
    afterThisTurn(() => {
      this.#isSending = false;
      while (this.#waiting.length > 0 && this.#maySend()) void this.#send();
    });
  }

  #maySend(): boolean {
    if (this.#underWay === 0) return true;
    return this.#underWay < MAX_SIDE_BY_SIDE && this.#waiting.length <= FEW;
  }

  async #send(): Promise<void> {
    this.#hasCompany = this.#waiting.length > 1 || this.#underWay > 0;
    this.#underWay += 1;
    await this.#together(this.#takeBatch(this.#waiting.length <= FEW ? 1 : MAX_BATCH));
    this.#underWay -= 1;
    if (this.#waiting.length > 0) this.#sendSoon();
  }

  async #one(id: string, request: CommitRequest, startedAt: number): Promise<boolean> {
    const { statement, values } = this.#single.call(id, request);
    return (await this.#run(statement, values, { startedAt })).rowCount > 0;
  }

  async #together(batch: Waiting[]): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      await this.#one(only.id, only.request, only.startedAt).then(only.resolve, only.reject);
      return;
    }
    try {
      const { statement, values } = this.#batches.call(batch);
      const startedAt = Math.min(...batch.map((one) => one.startedAt));
      const result = await this.#run(statement, values, { startedAt });
      const made = new Set(result.rows.map((row) => row.id));
      for (const one of batch) one.resolve(made.has(one.id));
    } catch (error) {
      await Promise.all(batch.map((one) => this.#alone(one, error)));
    }
  }

  /** Sends a commit alone if one commit may have failed the batch; any other fault would fail each of them again. */
  async #alone({ id, request, startedAt, resolve, reject }: Waiting, error: unknown): Promise<void> {
    const reason = storeFaultOf(error);
    if (reason === "server" || reason === "conflict") {
      await this.#one(id, request, startedAt).then(resolve, reject);
    } else reject(error);
  }

  /**
   * Takes the oldest commits that wait, one of each execution, in the order of ids, so that batches lock rows alike.
   */
  #takeBatch(limit: number): Waiting[] {
    const batch = new Map<string, Waiting>();
    const left: Waiting[] = [];
    let payload = 0;
    for (const one of this.#waiting) {
      const length = payloadOf(one.request);
      const fits = batch.size < limit && (batch.size === 0 || payload + length <= MAX_BATCH_PAYLOAD);
      if (fits && !batch.has(one.id)) {
        batch.set(one.id, one);
        payload += length;
      } else left.push(one);
    }
    this.#waiting = left;
    return [...batch.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function canShare(request: CommitRequest): boolean {
  const { checkpoints = [], dropBefore } = request;
  return checkpoints.length > 0 && dropBefore === undefined && payloadOf(request) <= MAX_SHARED_PAYLOAD;
}

function payloadOf({ checkpoints = [] }: CommitRequest): number {
  let length = 0;
  for (const { payload } of checkpoints) length += payload.length;
  return length;
}
