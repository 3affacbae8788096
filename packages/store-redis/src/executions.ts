import {
  alreadyExists,
  type ClaimRequest,
  type CommitRequest,
  claimRefusal,
  commitRefusal,
  type ExecutionRecord,
  type ExecutionRef,
  isEnded,
  type NewExecution,
} from "@waymark/core";
import type { Connection } from "./connection.ts";
import type { ExecutionIndex } from "./execution-index.ts";
import {
  CLAIM,
  type ClaimAnswer,
  COMMIT,
  type CommitAnswer,
  CREATE,
  type CreateAnswer,
  DELETE,
  type DeleteAnswer,
  HEAD,
  RESERVE,
  type ReserveAnswer,
} from "./execution-scripts.ts";
import { decodeHead, type Head } from "./heads.ts";
import type { Keys } from "./keys.ts";
import { damaged, keepsChanging, noSnapshot } from "./refusals.ts";
import { type CommitArguments, encodeClaim, encodeCommit, encodeNewExecution } from "./request-fields.ts";
import { argumentsOf } from "./script.ts";

/** How often to begin again when an execution changes between the steps of a call. */
const MAX_TRIES = 20;

/** How {@link Executions} reach their data. */
export interface ExecutionsOptions {
  connection: Connection;
  keys: Keys;
  index: ExecutionIndex;
  endedTtlMs: number | undefined;
}

/** Heads and their histories: each call is a script or two, with the index entries made before and removed after. */
export class Executions {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #index: ExecutionIndex;
  readonly #endedTtlMs: string;

  constructor({ connection, keys, index, endedTtlMs }: ExecutionsOptions) {
    this.#connection = connection;
    this.#keys = keys;
    this.#index = index;
    this.#endedTtlMs = String(endedTtlMs ?? "");
  }

  async create(execution: NewExecution): Promise<ExecutionRecord> {
    const { id, checkpoint } = execution;
    const { head, records, tokens } = this.#keys.execution(id);
    const existing = (flat: string[]): ExecutionRecord => {
      const found = decodeHead(id, flat) as Head;
      if (found.initialId !== checkpoint.id) throw alreadyExists(id);
      return readable(id, found).record;
    };
    const endedTtlMs = isEnded(execution.status) ? this.#endedTtlMs : "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const reserved = await this.#connection.run<ReserveAnswer>(RESERVE, [head, tokens], []);
      if (reserved[0] === "exists") return existing(reserved[1]);
      const [, token, createdAt] = reserved;
      const { set, record: text } = encodeNewExecution(execution, token, Number(createdAt));
      const { record } = decodeHead(id, set) as Head;
      await this.#index.add(this.#index.keysOf(record), { id, stamp: token, createdAt: record.createdAt });
      const made = await this.#connection.run<CreateAnswer>(
        CREATE,
        [head, records, tokens],
        argumentsOf(CREATE, { token, record: text, endedTtlMs }, set),
      );
      if (made[0] === "created") return record;
      if (made[0] === "exists") return existing(made[1]);
    }
    throw keepsChanging(id);
  }

  async get(id: string): Promise<ExecutionRecord | undefined> {
    const { head } = this.#keys.execution(id);
    return decodeHead(id, await this.#connection.run<string[]>(HEAD, [head], []))?.record;
  }

  async claim(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    const { head, records, tokens } = this.#keys.execution(id);
    const { from, ...encoded } = encodeClaim(request);
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const args = argumentsOf(CLAIM, { ...encoded, prepared }, from);
      const answer = await this.#connection.run<ClaimAnswer>(CLAIM, [head, records, tokens], args);
      const found = decodeHead(id, answer[1]);
      // The script and the rules judge by the same head: if only the script refuses, it is damaged.
      if (answer[0] === "refused") throw claimRefusal(id, found?.record, request, Number(answer[2])) ?? damaged(id);
      const { record } = readable(id, found);
      if (answer[0] === "claimed") {
        const [, , status = "running", entry = "", wake = ""] = answer;
        const left = { ...(status !== "running" && { status }), entry, wake };
        this.#index.removeSoon(this.#index.entriesOf(id, left));
        return record;
      }
      if (answer[0] === "damaged") throw damaged(id);
      prepared = answer[2];
      if (record.status === "running") continue;
      const entry = { id, stamp: prepared, createdAt: record.createdAt };
      await this.#index.add([this.#keys.statusIndex("running")], entry);
    }
    throw keepsChanging(id);
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    const { head, records } = this.#keys.execution(id);
    const encoded = encodeCommit(request, this.#endedTtlMs);
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const args = commitArguments(encoded);
      const answer = await this.#connection.run<CommitAnswer>(COMMIT, [head, records], args);
      if (answer[0] === "done") return;
      if (answer[0] === "changed") {
        const [, status, entry, wake] = answer;
        const left = { ...(status !== "" && { status }), entry, wake };
        return this.#index.removeSoon(this.#index.entriesOf(id, left));
      }
      if (answer[0] === "no-snapshot") throw noSnapshot(id, request.dropBefore);
      if (answer[0] !== "index") {
        throw commitRefusal(id, decodeHead(id, answer[1])?.record, request) ?? damaged(id);
      }
      encoded.prepared = answer[1];
      const keys: string[] = [];
      if (answer[2] !== "") keys.push(this.#keys.statusIndex(request.head?.status ?? "running"));
      if (answer[3] !== "") keys.push(this.#keys.wakeIndex);
      const stamp = `${request.token}.${request.version}`;
      await this.#index.add(keys, { id, stamp, createdAt: Number(encoded.prepared) });
    }
    throw keepsChanging(id);
  }

  /** Deletes one that is still as it was listed, and says whether it was. */
  async delete({ id, version, token }: ExecutionRef): Promise<boolean> {
    const { head, records, tokens } = this.#keys.execution(id);
    const answer = await this.#connection.run<DeleteAnswer>(
      DELETE,
      [head, records, tokens],
      argumentsOf(DELETE, { version: String(version ?? ""), token: String(token ?? "") }),
      // Sent again after a lost answer it would find nothing, and count wrong.
      { repeatable: false },
    );
    if (answer[0] === "left") return false;
    const [, born, entry, status, workflowId, userId, parentId, wake] = answer;
    const placed = { status, workflowId, userId, ...(parentId !== "" && { parentId }) };
    const left = this.#index.keysOf(placed).map((key) => ({ key, id, stamp: born }));
    const lasting = left.filter(({ key }) => key !== this.#keys.statusIndex(status));
    this.#index.removeSoon([...lasting, ...this.#index.entriesOf(id, { status, entry, wake })]);
    return true;
  }
}

/** The arguments of the script: those it knows by names, fields to remove, fields and values to set. */
function commitArguments(encoded: CommitArguments): string[] {
  const args: string[] = [];
  for (const name of COMMIT.names) args.push(name === "removed" ? String(encoded.removed.length) : encoded[name]);
  args.push(...encoded.removed, ...encoded.set);
  return args;
}

/** A head that can be worked with. @throws {WorkflowError} STATE_CORRUPT */
function readable(id: string, head: Head | undefined): Head {
  if (head === undefined || head.record.unreadable !== undefined) throw damaged(id, head?.record);
  return head;
}
