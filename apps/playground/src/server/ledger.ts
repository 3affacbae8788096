import { createHash } from "node:crypto";
import { canonicalJson } from "../values/canonical-json.ts";

/** A request for a change. */
export interface LedgerEntry {
  method: string;
  path: string;
  /** The node that sent it, if the request names it. */
  nodeId: string | undefined;
  idempotencyKey: string | undefined;
  /** Equal for two requests for the same change. */
  signature: string;
  /**
   * - `applied`: done.
   * - `replayed`: its idempotency key was known, so the first answer was sent again and nothing was done.
   * - `refused`: answered with an error, and nothing was done.
   */
  outcome: "applied" | "replayed" | "refused";
}

/** Records requests for changes, and the idempotency keys of the carried-out ones. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #answers = new Map<string, unknown>();

  /** Returns the earlier answer to a key, or `undefined`. */
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

/** Returns a signature that is equal for equal requests. Senders and the order of keys in a JSON body do not matter. */
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
