import { randomUUID } from "node:crypto";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import type {
  CheckpointRecord,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
} from "../../src/index.ts";

/*
 * Stores with mistakes that are easily made by someone who knows only the contract. Each does one thing in a way that
 * looks right, and was written without regard to the suite.
 */

/** Last write wins. */
export class WithoutVersions extends MemoryCheckpointStore {
  override async commit(id: string, request: CommitRequest): Promise<void> {
    const head = await this.getExecution(id);
    return super.commit(id, { ...request, version: head?.version ?? request.version });
  }
}

/** Writes the head, and the checkpoint a moment later. */
export class InTwoSteps extends MemoryCheckpointStore {
  readonly #late = new Set<string>();

  override async commit(id: string, request: CommitRequest): Promise<void> {
    await super.commit(id, request);
    const { checkpoints = [] } = request;
    for (const checkpoint of checkpoints) this.#late.add(checkpoint.id);
    await new Promise((resolve) => setImmediate(resolve));
    for (const checkpoint of checkpoints) this.#late.delete(checkpoint.id);
  }

  override async readCheckpoints(id: string, options?: ReadCheckpointsOptions): Promise<CheckpointRecord[]> {
    return (await super.readCheckpoints(id, options)).filter((record) => !this.#late.has(record.id));
  }

  override reopen(): MemoryCheckpointStore {
    return this;
  }
}

/** The fencing token is a number per owner. */
export class TokensByOwner extends MemoryCheckpointStore {
  readonly #owners: string[] = [];

  #tokenOf(owner: string | undefined): number {
    if (owner === undefined) return 0;
    if (!this.#owners.includes(owner)) this.#owners.push(owner);
    return this.#owners.indexOf(owner) + 1;
  }

  #seen(record: ExecutionRecord): ExecutionRecord {
    return { ...record, token: this.#tokenOf(record.owner) };
  }

  override async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    return this.#seen(await super.createExecution(execution));
  }

  override async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    const record = await super.getExecution(id);
    return record && this.#seen(record);
  }

  override async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    return this.#seen(await super.claimExecution(id, request));
  }

  override async commit(id: string, request: CommitRequest): Promise<void> {
    const head = await super.getExecution(id);
    const isOwner = head !== undefined && request.token === this.#tokenOf(head.owner);
    return super.commit(id, { ...request, token: isOwner ? head.token : request.token });
  }

  override reopen(): MemoryCheckpointStore {
    return this;
  }
}

/** Leases by the caller's clock. */
export class LeasesByCaller extends MemoryCheckpointStore {
  constructor() {
    super({ clock: { now: () => Date.now() } });
  }
}

/** The cursor is the number of rows that were returned. */
export class CursorByOffset extends MemoryCheckpointStore {
  override async listExecutions({ cursor, ...options }: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    const { limit = 100 } = options;
    const all: ExecutionRecord[] = [];
    for (let next: string | undefined; ; ) {
      const page = await super.listExecutions({
        ...options,
        limit: 1_000,
        ...(next === undefined ? {} : { cursor: next }),
      });
      all.push(...page.items);
      next = page.nextCursor;
      if (next === undefined) break;
    }
    const from = Number(cursor ?? 0);
    const items = all.slice(from, from + limit);
    return from + limit < all.length ? { items, nextCursor: String(from + limit) } : { items };
  }
}

/** Ten rows if there is no limit. */
export class TenRows extends MemoryCheckpointStore {
  override listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    return super.listExecutions({ limit: 10, ...options });
  }
}

/** Ids are compared without regard to case. */
export class IdsInLowerCase extends MemoryCheckpointStore {
  override createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    return super.createExecution({ ...execution, id: lower(execution.id) });
  }

  override getExecution(id: string): Promise<ExecutionRecord | undefined> {
    return super.getExecution(lower(id));
  }

  override claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    return super.claimExecution(lower(id), request);
  }

  override commit(id: string, request: CommitRequest): Promise<void> {
    return super.commit(lower(id), request);
  }

  override readCheckpoints(id: string, options?: ReadCheckpointsOptions): Promise<CheckpointRecord[]> {
    return super.readCheckpoints(lower(id), options);
  }
}

/** Payloads are returned as a JSON column returns them. */
export class PayloadsAsJson extends MemoryCheckpointStore {
  override async readCheckpoints(id: string, options?: ReadCheckpointsOptions): Promise<CheckpointRecord[]> {
    const records = await super.readCheckpoints(id, options);
    return records.map((record) => ({ ...record, payload: normalized(record.payload) }));
  }
}

/** A repeated commit raises the version again. */
export class RetriesCount extends MemoryCheckpointStore {
  readonly #seen = new Set<string>();

  override async commit(id: string, request: CommitRequest): Promise<void> {
    const head = await this.getExecution(id);
    if (!this.#seen.has(request.commitId) || head === undefined) {
      await super.commit(id, request);
      this.#seen.add(request.commitId);
      return;
    }
    const { checkpoints: _written, ...again } = request;
    return super.commit(id, { ...again, commitId: randomUUID(), version: head.version });
  }

  override reopen(): MemoryCheckpointStore {
    return this;
  }
}

/** A deletion removes the head, but not the records. */
export class RecordsLeftBehind extends MemoryCheckpointStore {
  readonly #left = new Map<string, CheckpointRecord[]>();

  override async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    for (const { id } of Array.isArray(refs) ? refs : []) {
      if ((await super.getExecution(id).catch(() => undefined)) === undefined) continue;
      this.#left.set(id, await super.readCheckpoints(id));
    }
    return super.deleteExecutions(refs);
  }

  override async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    const records = await super.readCheckpoints(id, options);
    const last = records.at(-1)?.seq ?? -1;
    const left = options.order === "desc" || options.limit !== undefined ? [] : (this.#left.get(id) ?? []);
    return [...records, ...left.filter(({ seq }) => seq > last)];
  }

  override reopen(): MemoryCheckpointStore {
    return this;
  }
}

function lower(id: string): string {
  return typeof id === "string" ? id.toLowerCase() : id;
}

function normalized(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload));
  } catch {
    return payload;
  }
}
