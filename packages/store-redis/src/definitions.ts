import type { Connection } from "./connection.ts";
import type { ExecutionIndex } from "./execution-index.ts";
import { TEXT } from "./execution-scripts.ts";
import { DEFINITION_FORGET, DEFINITION_SAVED, DEFINITIONS_SAVED_BEFORE } from "./index-scripts.ts";
import type { Keys } from "./keys.ts";

/** Definitions under their hashes, with an index of the times at which they were last saved. */
export class Definitions {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #index: ExecutionIndex;

  constructor({ connection, keys, index }: { connection: Connection; keys: Keys; index: ExecutionIndex }) {
    this.#connection = connection;
    this.#keys = keys;
    this.#index = index;
  }

  async save(hash: string, json: string): Promise<void> {
    // The time comes first: a definition without one would never be deleted.
    await this.#connection.run(DEFINITION_SAVED, [this.#keys.definitionIndex], [hash]);
    await this.#connection.send((client) => client.set(this.#keys.definition(hash), json, "NX"));
  }

  async read(hash: string): Promise<string | undefined> {
    return (await this.#connection.run<string | null>(TEXT, [this.#keys.definition(hash)], [])) ?? undefined;
  }

  /**
   * Deletes the definitions that no execution names and that were last saved `olderThanMs` ago or earlier. Returns
   * their number.
   *
   * - The index and a definition lie in different slots, so a definition that is saved while it is deleted is put back.
   */
  async deleteUnused(olderThanMs: number): Promise<number> {
    const { definitionIndex } = this.#keys;
    const [before, hashes] = await this.#connection.run<[string, string[]]>(
      DEFINITIONS_SAVED_BEFORE,
      [definitionIndex],
      [String(olderThanMs)],
    );
    const unused = new Set(hashes);
    if (unused.size > 0) await this.#forgetUsed(unused);
    let deleted = 0;
    for (const hash of unused) {
      const key = this.#keys.definition(hash);
      const json = await this.read(hash);
      const args = [hash, before];
      if (Number(await this.#connection.run<unknown>(DEFINITION_FORGET, [definitionIndex], args)) === 0) continue;
      deleted += await this.#connection.send((client) => client.unlink(key));
      const saved = await this.#connection.send((client) => client.zscore(definitionIndex, hash));
      if (saved === null || json === undefined) continue;
      await this.#connection.send((client) => client.set(key, json, "NX"));
      deleted -= 1;
    }
    return deleted;
  }

  /** Removes the hashes that executions name. */
  async #forgetUsed(hashes: Set<string>): Promise<void> {
    const query = { sortBy: "createdAt", order: "asc", limit: 1_000 } as const;
    let rows = await this.#index.rows(query);
    for (;;) {
      for (const { record } of rows) hashes.delete(record.definitionHash ?? "");
      const after = rows.at(query.limit - 1)?.position;
      if (rows.length <= query.limit || after === undefined || hashes.size === 0) return;
      rows = await this.#index.rows({ ...query, after });
    }
  }
}
