import type {
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  WorkflowStatus,
} from "@waymark/core/store";
import { alreadyExists, claimRefusal, commitRefusal } from "@waymark/core/store";
import { Keys } from "../../src/keys.ts";
import type { RedisClient } from "../../src/redis-client.ts";
import { argumentsOf, type Script } from "../../src/script.ts";
import { CLAIM, COMMIT, CREATE, DELETE, HEAD, INDEX_ADD, INDEX_PAGE, INDEX_REMOVE, RESERVE } from "./scripts.ts";

type Fields = Readonly<Record<string, string>>;

const MAX_TRIES = 20;

/** A process of the version before, as far as it works on executions of workflow w, wa or wb and of user u1. */
export class StoreOfBefore implements Partial<CheckpointStore> {
  readonly #client: RedisClient;
  readonly #keys: Keys;
  readonly #cleaning = new Set<Promise<unknown>>();

  constructor(client: RedisClient, keyPrefix: string) {
    this.#client = client;
    this.#keys = new Keys(keyPrefix);
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    const { id, checkpoint, leaseMs, wakeAt, ...rest } = execution;
    const { head, records, tokens } = this.#keys.execution(id);
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const [answer, token, now] = await this.#run<[string, string, string]>(RESERVE, [head, tokens], []);
      if (answer === "exists") throw alreadyExists(id);
      const fields: Record<string, unknown> = { ...rest, born: token, entry: token, initialId: checkpoint.id, token };
      Object.assign(fields, { version: 0, seq: 0, snapshotSeq: 0, firstSeq: 0, checkpointsCount: 0 });
      Object.assign(fields, { createdAt: now, updatedAt: now });
      if (leaseMs !== undefined) fields.leaseUntil = Number(now) + leaseMs;
      if (wakeAt !== undefined) Object.assign(fields, { wakeAt, wake: token });
      await this.#add(this.#keysOf(rest.status, rest.workflowId, wakeAt !== undefined), id, token, now);
      const set = Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);
      const args = argumentsOf(CREATE, { token, record: encodeRecord(checkpoint), endedTtlMs: "" }, set);
      const [made] = await this.#run<[string]>(CREATE, [head, records, tokens], args);
      if (made === "created") return recordOf(id, set);
      if (made === "exists") throw alreadyExists(id);
    }
    throw new Error("It changed each time that it was looked at.");
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    const { head, records, tokens } = this.#keys.execution(id);
    const { claimId, owner, leaseMs, force, from } = request;
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const named = { claimId, owner, leaseMs: String(leaseMs), force: force ? "1" : "", prepared };
      const args = argumentsOf(CLAIM, named, from);
      const answer = await this.#run<[string, string[], ...string[]]>(CLAIM, [head, records, tokens], args);
      const record = answer[1].length === 0 ? undefined : recordOf(id, answer[1]);
      if (answer[0] === "refused") throw claimRefusal(id, record, request, Number(answer[2])) ?? new Error("damaged");
      if (record === undefined) throw new Error("damaged");
      if (answer[0] === "claimed") {
        const [, , status = "running", entry = "", wake = ""] = answer;
        this.#leave(id, status === "running" ? "" : status, entry, wake);
        return record;
      }
      prepared = answer[2] as string;
      if (record.status === "running") continue;
      await this.#add([this.#keys.statusIndex("running")], id, prepared, String(record.createdAt));
    }
    throw new Error("It changed each time that it was looked at.");
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    const { head, records } = this.#keys.execution(id);
    const { commitId, checkpoints: [checkpoint] = [], leaseMs, head: update = {} } = request;
    const { status = "", wakeAt } = update;
    const set = typeof wakeAt === "number" ? ["wakeAt", String(wakeAt)] : [];
    const removed = wakeAt === null ? ["wakeAt", "wake"] : [];
    const [token, version] = [String(request.token), String(request.version)];
    const wake = wakeAt === undefined ? "" : wakeAt === null ? "clear" : "set";
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const named = { commitId, token, version, status, wake, prepared, endedAt: "", endedTtlMs: "", dropBefore: "" };
      const args = argumentsOf(
        COMMIT,
        {
          ...named,
          record: checkpoint === undefined ? "" : encodeRecord(checkpoint),
          kind: checkpoint?.kind ?? "",
          leaseMs: String(leaseMs ?? ""),
          removed: String(removed.length),
        },
        [...removed, ...set],
      );
      const answer = await this.#run<[string, ...string[]]>(COMMIT, [head, records], args);
      if (answer[0] === "done") return;
      if (answer[0] === "changed") return this.#leave(id, answer[1] ?? "", answer[2] ?? "", answer[3] ?? "");
      if (answer[0] !== "index") {
        const flat = answer[1] as unknown as string[];
        throw commitRefusal(id, flat.length === 0 ? undefined : recordOf(id, flat), request) ?? new Error("damaged");
      }
      prepared = answer[1] ?? "";
      const keys: string[] = [];
      if (answer[2] !== "") keys.push(this.#keys.statusIndex((status || "running") as WorkflowStatus));
      if (answer[3] !== "") keys.push(this.#keys.wakeIndex);
      await this.#add(keys, id, `${token}.${version}`, prepared);
    }
    throw new Error("It changed each time that it was looked at.");
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    let deleted = 0;
    for (const { id, version, token } of refs) {
      const { head, records, tokens } = this.#keys.execution(id);
      const args = argumentsOf(DELETE, { version: String(version ?? ""), token: String(token ?? "") });
      const [answer, born = "", entry = "", status = "", workflowId = "", , , wake = ""] = await this.#run<string[]>(
        DELETE,
        [head, records, tokens],
        args,
      );
      if (answer !== "deleted") continue;
      deleted += 1;
      const lasting = [this.#keys.allIndex, this.#keys.workflowIndex(workflowId), this.#keys.userIndex("u1")];
      this.#soon(this.#run(INDEX_REMOVE, lasting, Array(3).fill(`${id}\0${born}`)));
      this.#leave(id, status, entry, wake);
    }
    return deleted;
  }

  /** Lists by status, by what is due or, in its way, by leases that have lapsed; repairs what it finds. */
  async listExecutions(options: ListExecutionsOptions): Promise<{ items: ExecutionRecord[] }> {
    const { status, due, leaseExpired } = options;
    const statuses = leaseExpired ? (["running"] as const) : status === undefined ? [] : [status].flat();
    const field = due ? "wake" : "entry";
    const keys = due ? [this.#keys.wakeIndex] : statuses.map((one) => this.#keys.statusIndex(one));
    const [now, ...lists] = await this.#run<[string, ...string[][]]>(INDEX_PAGE, keys, ["asc", "1001", "", "", ""]);
    const items: ExecutionRecord[] = [];
    for (const [at, key] of keys.entries()) {
      for (const member of (lists[at] ?? []).filter((_, place) => place % 2 === 0)) {
        const [id = "", stamp = ""] = member.split("\0");
        const flat = await this.#run<string[]>(HEAD, [this.#keys.execution(id).head], []);
        if (isLeft(stamp, fieldsOf(flat), field)) this.#soon(this.#run(INDEX_REMOVE, [key], [member]));
        if (flat.length === 0) continue;
        const record = recordOf(id, flat);
        if (due && (record.wakeAt === undefined || record.wakeAt > Number(now))) continue;
        if (leaseExpired && (record.status !== "running" || (record.leaseUntil ?? 0) > Number(now))) continue;
        if (status !== undefined && ![status].flat().includes(record.status)) continue;
        if (!items.some((item) => item.id === id)) items.push(record);
      }
    }
    return { items };
  }

  /** Waits for what it does while its caller goes on. */
  async settled(): Promise<void> {
    await Promise.all(this.#cleaning);
  }

  #keysOf(status: WorkflowStatus, workflowId: string, wakes: boolean): string[] {
    const keys = this.#keys;
    const lasting = [keys.allIndex, keys.statusIndex(status), keys.workflowIndex(workflowId), keys.userIndex("u1")];
    return wakes ? [...lasting, keys.wakeIndex] : lasting;
  }

  #leave(id: string, status: string, entry: string, wake: string): void {
    const keys: string[] = [];
    const members: string[] = [];
    if (status !== "") {
      keys.push(this.#keys.statusIndex(status as WorkflowStatus));
      members.push(`${id}\0${entry}`);
    }
    if (wake !== "") {
      keys.push(this.#keys.wakeIndex);
      members.push(`${id}\0${wake}`);
    }
    if (keys.length > 0) this.#soon(this.#run(INDEX_REMOVE, keys, members));
  }

  async #add(keys: readonly string[], id: string, stamp: string, createdAt: string): Promise<void> {
    await this.#run(INDEX_ADD, keys, [createdAt, `${id}\0${stamp}`]);
  }

  #run<T>({ sha1 }: Script, keys: readonly string[], args: readonly string[]): Promise<T> {
    return this.#client.evalsha(sha1, keys.length, ...keys, ...args) as Promise<T>;
  }

  #soon(work: Promise<unknown>): void {
    this.#cleaning.add(work);
    void work.catch(() => {}).then(() => this.#cleaning.delete(work));
  }
}

/** Whether no head will ever name an entry. One that is being created just now is left alone. */
function isLeft(stamp: string, head: Fields, field: "entry" | "wake"): boolean {
  const [token, version] = stamp.split(".") as [string, string | undefined];
  if (version === undefined) return head.born === token && head[field] !== stamp;
  if (head.token === undefined) return true;
  if (head[field] === stamp) return false;
  const isSame = Number(head.token) === Number(token);
  return Number(head.token) > Number(token) || (isSame && Number(head.version) > Number(version));
}

function fieldsOf(flat: readonly string[]): Fields {
  const fields: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

const TEXTS = new Set(["workflowId", "userId", "status", "owner", "claimId", "commitId", "initialId", "entry", "wake"]);

function recordOf(id: string, flat: readonly string[]): ExecutionRecord {
  const values = Object.entries(fieldsOf(flat)).map(([name, text]) => [name, TEXTS.has(name) ? text : Number(text)]);
  return { ...(Object.fromEntries(values) as ExecutionRecord), id };
}

/** A record, as it was kept: without a visit. */
function encodeRecord(checkpoint: NewCheckpoint): string {
  const { kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp, payload } = checkpoint;
  return `${JSON.stringify({ kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp })}\n${payload}`;
}
