import {
  type ClaimRequest,
  type CommitRequest,
  claimRefusal,
  commitRefusal,
  damagedExecution,
  type ExecutionRecord,
  type ExecutionRef,
  isEnded,
  keepsChanging,
  type NewExecution,
  type Refused,
  type StoredHead,
} from "@waymark/core/store";
import type { Connection } from "./connection.ts";
import type { ExecutionIndex, Place } from "./execution-index.ts";
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
  IS_SNAPSHOT,
  RESERVE,
  type ReserveAnswer,
} from "./execution-scripts.ts";
import { decodeHead, type Head } from "./heads.ts";
import type { Keys } from "./keys.ts";
import { type CommitArguments, encodeClaim, encodeCommit, encodeNewExecution } from "./request-fields.ts";
import { argumentsOf } from "./script.ts";

/** The most times that a call begins again because the execution changed between its steps. */
const MAX_TRIES = 20;

/** Options of {@link Executions}. */
export interface ExecutionsOptions {
  connection: Connection;
  keys: Keys;
  index: ExecutionIndex;
  endedTtlMs: number | undefined;
}

/** Heads and their histories. A call is one or two scripts; index entries are made before and removed after. */
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

  async create(execution: NewExecution): Promise<ExecutionRecord | Refused> {
    const { id } = execution;
    const { head, records, tokens } = this.#keys.execution(id);
    const endedTtlMs = isEnded(execution.status) ? this.#endedTtlMs : "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const reserved = await this.#connection.run<ReserveAnswer>(RESERVE, [head, tokens], []);
      if (reserved[0] === "exists") return this.#refused(id, reserved[1]);
      const [, token, now] = reserved;
      const { set, record: text } = encodeNewExecution(execution, token, Number(now));
      const { record } = decodeHead(id, [...set, "readAt", now]) as Head;
      await this.#index.add({ id, stamp: token }, this.#index.placesOf(record));
      const made = await this.#connection.run<CreateAnswer>(
        CREATE,
        [head, records, tokens],
        argumentsOf(CREATE, { token, record: text, endedTtlMs }, set),
      );
      if (made[0] === "created") return record;
      if (made[0] === "exists") return this.#refused(id, made[1]);
    }
    throw keepsChanging(id);
  }

  async read(id: string): Promise<StoredHead | undefined> {
    const { head } = this.#keys.execution(id);
    return storedHead(decodeHead(id, await this.#connection.run<string[]>(HEAD, [head], [])));
  }

  async claim(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused> {
    const { head, records, tokens } = this.#keys.execution(id);
    const { from, ...encoded } = encodeClaim(request);
    const status = request.cancel === undefined ? "running" : "cancelled";
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const args = argumentsOf(CLAIM, { ...encoded, prepared, endedTtlMs: this.#endedTtlMs }, from);
      const answer = await this.#connection.run<ClaimAnswer>(CLAIM, [head, records, tokens], args);
      if (answer[0] === "refused") return this.#refused(id, answer[1]);
      const found = readable(id, decodeHead(id, answer[1]));
      const { record } = found;
      if (answer[0] === "damaged") throw claimRefusal(id, record, request, record.readAt) ?? damagedExecution(id);
      if (answer[0] === "claimed") {
        const [, , before, statusStamp, wakeStamp] = answer;
        this.#index.removeSoon(
          this.#index.entriesOf(id, { ...(before !== status && { status: before }), statusStamp, wakeStamp }),
        );
        return record;
      }
      prepared = `${record.status}:${answer[2]}`;
      // An execution that runs already keeps its entries, under their own stamp.
      const stamp = record.status === status ? found.statusStamp : answer[2];
      await this.#index.add({ id, stamp }, [
        ...(record.status === status ? [] : [this.#index.statusPlace(status, record.createdAt)]),
        ...(status === "running" ? [this.#index.leasePlace(record.readAt + request.leaseMs)] : []),
      ]);
    }
    throw keepsChanging(id);
  }

  async commit(id: string, request: CommitRequest): Promise<Refused | undefined> {
    const { head, records } = this.#keys.execution(id);
    const encoded = encodeCommit(request, this.#endedTtlMs);
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const answer = await this.#connection.run<CommitAnswer>(COMMIT, [head, records], commitArguments(encoded));
      if (answer[0] === "done") return undefined;
      if (answer[0] === "refused") return this.#refused(id, answer[1]);
      if (answer[0] === "damaged") {
        throw commitRefusal(id, decodeHead(id, answer[1])?.record, request) ?? damagedExecution(id);
      }
      if (answer[0] === "changed") {
        const [, status, statusStamp, wakeStamp] = answer;
        const left = { ...(status !== "" && { status }), statusStamp, wakeStamp };
        this.#index.removeSoon(this.#index.entriesOf(id, left));
        return undefined;
      }
      await this.#prepare(id, request, encoded, answer);
    }
    throw keepsChanging(id);
  }

  async isSnapshot(id: string, seq: number): Promise<boolean> {
    const { head, records } = this.#keys.execution(id);
    return Number(await this.#connection.run<unknown>(IS_SNAPSHOT, [head, records], [String(seq)])) === 1;
  }

  /** Makes the index entries that a commit needs. */
  async #prepare(
    id: string,
    request: CommitRequest,
    encoded: CommitArguments,
    [, createdAt, wants, wakes, now]: Extract<CommitAnswer, { 0: "index" }>,
  ): Promise<void> {
    encoded.prepared = createdAt;
    const stamp = `${request.token}.${request.version}`;
    const { status = "running", wakeAt = null, wakeInMs = 0 } = request.head ?? {};
    const leaseUntil = Number(now) + (request.leaseMs ?? 0);
    const places: Place[] = [];
    if (wants === "status") places.push(this.#index.statusPlace(status, Number(createdAt)));
    if (wants === "status" && status === "running") places.push(this.#index.leasePlace(leaseUntil));
    if (wakes === "wake") places.push(...this.#index.wakePlaces(Number(createdAt), wakeAt ?? Number(now) + wakeInMs));
    if (places.length > 0) await this.#index.add({ id, stamp }, places);
  }

  #refused(id: string, flat: readonly string[]): Refused {
    return { refused: true, head: storedHead(decodeHead(id, flat)) ?? null };
  }

  /** Deletes an execution that is still as it was listed. Returns whether it did. */
  async delete({ id, version, token }: ExecutionRef): Promise<boolean> {
    const { head, records, tokens } = this.#keys.execution(id);
    const answer = await this.#connection.run<DeleteAnswer>(
      DELETE,
      [head, records, tokens],
      argumentsOf(DELETE, { version: String(version ?? ""), token: String(token ?? "") }),
      // If it were sent again after a lost answer, it would find nothing and return a wrong number.
      { repeatable: false },
    );
    if (answer[0] === "left") return false;
    const [, creationStamp, statusStamp, status, workflowId, userId, parentId, wakeStamp] = answer;
    const lasting = this.#index.lastingKeys({ workflowId, userId, ...(parentId !== "" && { parentId }) });
    this.#index.removeSoon([
      ...lasting.map((key) => ({ key, id, stamp: creationStamp })),
      ...this.#index.entriesOf(id, { status, statusStamp, wakeStamp }),
    ]);
    return true;
  }
}

/** Returns the arguments of the script: the named ones, records, fields to remove, and fields and values to set. */
function commitArguments(encoded: CommitArguments): string[] {
  const args: string[] = [];
  for (const name of COMMIT.names) args.push(name === "removed" ? String(encoded.removed.length) : encoded[name]);
  args.push(...encoded.records, ...encoded.removed, ...encoded.set);
  return args;
}

/** Returns the head if it can be read. @throws {WorkflowError} STATE_CORRUPT */
function readable(id: string, head: Head | undefined): Head {
  if (head === undefined || head.record.unreadable !== undefined) throw damagedExecution(id, head?.record.unreadable);
  return head;
}

function storedHead(head: Head | undefined): StoredHead | undefined {
  if (head === undefined) return undefined;
  const { record, initialId, claimId, commitId } = head;
  return { record, initialCheckpointId: initialId, lastClaimId: claimId, lastCommitId: commitId };
}
