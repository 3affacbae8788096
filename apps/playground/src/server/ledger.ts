import { createHash } from "node:crypto";
import { canonicalJson } from "../values/canonical-json.ts";

/** One request that asked the service to change something. */
export interface LedgerEntry {
  method: string;
  path: string;
  /** The node that sent it, where it says so. */
  nodeId: string | undefined;
  idempotencyKey: string | undefined;
  /** Equal for two requests that ask for the same thing. */
  signature: string;
  /**
   * - `applied`: done.
   * - `replayed`: its idempotency key was known, so the first answer was given again and nothing done.
   * - `refused`: answered with an error, nothing done.
   */
  outcome: "applied" | "replayed" | "refused";
}

/** Keeps what a service was asked to change, and which idempotency keys it has seen. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #answers = new Map<string, unknown>();

  /** The answer given earlier to a key, or `undefined`. */
  answerFor(idempotencyKey: string | undefined): { body: unknown } | undefined {
    if (idempotencyKey === undefined || !this.#answers.has(idempotencyKey)) return undefined;
    return { body: this.#answers.get(idempotencyKey) };
  }

  record(entry: LedgerEntry, answer?: unknown): void {
    this.entries.push(entry);
    if (entry.outcome === "applied" && entry.idempotencyKey !== undefined) {
      this.#answers.set(entry.idempotencyKey, answer);
    }
  }

  clear(): void {
    this.entries.length = 0;
    this.#answers.clear();
  }
}

/** Names what a request asks for, whoever sends it and however often; the order of a JSON body's keys means nothing. */
export function signatureOf(method: string, path: string, body: string): string {
  return createHash("sha256")
    .update(`${method} ${path}\n${canonical(body)}`)
    .digest("hex")
    .slice(0, 16);
}

function canonical(body: string): string {
  try {
    return canonicalJson(JSON.parse(body));
  } catch {
    return body;
  }
}
