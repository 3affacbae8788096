import { type Document, deserialize } from "bson";
import type pg from "pg";
import type { GatewayDatabase, Queryable } from "./gateway-database.ts";
import {
  CommandError,
  Disconnect,
  DUPLICATE_KEY,
  fromState,
  isOfWholeCommand,
  translate,
  unpackState,
} from "./gateway-errors.ts";

/** A command that a client sent. */
export interface Command {
  document: Document;
  name: string;
  /** The bytes of the document, which the extension reads itself. */
  bytes: Buffer;
  /** The documents of a write, which are sent next to the command. */
  sequence: Buffer | null;
}

/** A reply, as bytes or as a document. */
export type Reply = Buffer | Document;
type Handler = (command: Command) => Promise<Reply>;

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const WRITES = ["insert", "update", "delete"];
const PAGES: Record<string, string> = {
  find: "find",
  aggregate: "aggregate",
  listCollections: "list_collections",
  listIndexes: "list_indexes",
};
/** The commands that are one call of the extension, with the database and the command's bytes. */
const CALLS: Record<string, string> = {
  count: "SELECT document FROM documentdb_api.count_query($1,$2::bytea)",
  create: "SELECT documentdb_api.create_collection_view($1,$2::bytea)",
  // Builds the indexes at once. The ordinary call leaves that to a scheduled job.
  createIndexes: "SELECT documentdb_api_internal.create_indexes_non_concurrently($1,$2::bytea,true)",
  dropIndexes: "CALL documentdb_api.drop_indexes($1,$2::bytea,NULL)",
};

/** Answers MongoDB commands by calling functions of the DocumentDB extension. */
export class GatewayCommands {
  readonly #database: GatewayDatabase;
  readonly #handlers = new Map<string, Handler>();
  /** The positions at which open cursors continue. */
  readonly #cursors = new Map<string, Buffer>();
  #ttlMonitor: NodeJS.Timeout | undefined;
  /** The last retryable write of each session. If the client repeats it, it is answered without being made again. */
  readonly #lastWrites = new Map<string, { number: unknown; reply: Promise<Reply> }>();

  constructor(database: GatewayDatabase) {
    this.#database = database;
    const hello = () => this.#hello();
    for (const name of ["hello", "isMaster", "ismaster"]) this.#handlers.set(name, hello);
    for (const name of WRITES) this.#handlers.set(name, (command) => this.#write(command));
    for (const [name, call] of Object.entries(PAGES))
      this.#handlers.set(name, (command) => this.#firstPage(command, call));
    for (const [name, sql] of Object.entries(CALLS)) {
      this.#handlers.set(name, ({ document, bytes }) => this.#call(sql, [document.$db, bytes]));
    }
    this.#handlers.set("findAndModify", (command) => this.#findAndModify(command));
    this.#handlers.set("getMore", (command) => this.#getMore(command));
    this.#handlers.set("killCursors", (command) => this.#killCursors(command));
    this.#handlers.set("drop", ({ document }) =>
      this.#call("SELECT documentdb_api.drop_collection($1,$2)", [document.$db, document.drop]),
    );
    this.#handlers.set("dropDatabase", ({ document }) =>
      this.#call("SELECT documentdb_api.drop_database($1)", [document.$db]),
    );
    this.#handlers.set("setParameter", ({ document }) => this.#setParameter(document));
    this.#handlers.set("ping", async () => ({ ok: 1 }));
    this.#handlers.set("buildInfo", async () => ({ version: "8.0.0", versionArray: [8, 0, 0, 0], ok: 1 }));
    this.#handlers.set("endSessions", async ({ document }) => {
      for (const session of document.endSessions) this.#lastWrites.delete(session.id.toString("hex"));
      return { ok: 1 };
    });
  }

  /** Answers one command. Rejects only if the connection must be closed. */
  async run(command: Command): Promise<Reply> {
    try {
      const handler = this.#handlers.get(command.name);
      if (handler === undefined) throw new CommandError(59, "CommandNotFound", `no such command: '${command.name}'`);
      return await this.#once(command, handler);
    } catch (error) {
      const told = translate(error);
      if (told instanceof Disconnect) throw told;
      const { code, codeName, message } = told;
      const more = code === DUPLICATE_KEY ? await this.#duplicate(this.#database.pool, command, message) : {};
      return { ok: 0, code, codeName, errmsg: message, ...more };
    }
  }

  #once(command: Command, handler: Handler): Promise<Reply> {
    const { lsid, txnNumber } = command.document;
    if (txnNumber === undefined) return handler(command);
    const session = lsid.id.toString("hex");
    const last = this.#lastWrites.get(session);
    if (last !== undefined && last.number === txnNumber) return last.reply;
    const reply = handler(command);
    this.#lastWrites.set(session, { number: txnNumber, reply });
    reply.catch(() => this.#lastWrites.delete(session));
    return reply;
  }

  async #hello(): Promise<Reply> {
    // Fails if the engine is down: then there is no server for the client.
    const { now } = await this.#database.row(
      this.#database.pool,
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now",
    );
    return {
      ismaster: true,
      isWritablePrimary: true,
      helloOk: true,
      // The answer of a router, so that the driver sends retryable writes.
      msg: "isdbgrid",
      maxBsonObjectSize: MAX_DOCUMENT_BYTES,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 25_000,
      localTime: new Date(Number(now)),
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: 25,
      readOnly: false,
      ok: 1,
    };
  }

  #write(command: Command): Promise<Reply> {
    const { document, name, bytes, sequence } = command;
    return this.#database.withClient(async (client) => {
      const sql = `SELECT * FROM documentdb_api.${name}($1,$2::bytea,$3::bytea,$4)`;
      const row = await this.#database.row(client, sql, [document.$db, bytes, sequence, retryId(document)]);
      if (row.p_success === "t") return row.p_result as Buffer;
      const reply = deserialize(row.p_result as Buffer, { useBigInt64: true, bsonRegExp: true });
      for (const error of reply.writeErrors ?? []) {
        const told = fromState(unpackState(error.code), error.errmsg);
        if (isOfWholeCommand(told)) throw told;
        Object.assign(error, { code: told.code, errmsg: told.message });
        if (told.code === DUPLICATE_KEY) Object.assign(error, await this.#duplicate(client, command, told.message));
      }
      return reply;
    });
  }

  #findAndModify({ document, bytes }: Command): Promise<Reply> {
    return this.#database.withClient(async (client) => {
      const sql = "SELECT * FROM documentdb_api.find_and_modify($1,$2::bytea,$3)";
      const { p_result } = await this.#database.row(client, sql, [document.$db, bytes, retryId(document)]);
      const reply = deserialize(p_result as Buffer, { promoteValues: false, bsonRegExp: true });
      if (!reply.value || reply.lastErrorObject.n.value) return p_result as Buffer;
      // The extension treats an update that changes nothing as one that matches nothing.
      return { ...reply, lastErrorObject: { n: 1, updatedExisting: true } };
    });
  }

  #firstPage({ document, bytes }: Command, call: string): Promise<Reply> {
    return this.#database.withClient(async (client) => {
      const sql = `SELECT * FROM documentdb_api.${call}_cursor_first_page($1,$2::bytea)`;
      const row = await this.#database.row(client, sql, [document.$db, bytes]);
      if (row.continuation) this.#cursors.set(String(row.cursorid), row.continuation as Buffer);
      return row.cursorpage as Buffer;
    });
  }

  #getMore({ document, bytes }: Command): Promise<Reply> {
    return this.#database.withClient(async (client) => {
      const id = String(document.getMore);
      const continuation = this.#cursors.get(id);
      if (continuation === undefined) throw new CommandError(43, "CursorNotFound", `cursor id ${id} not found`);
      const sql = "SELECT * FROM documentdb_api.cursor_get_more($1,$2::bytea,$3::bytea)";
      const row = await this.#database.row(client, sql, [document.$db, bytes, continuation]);
      if (row.continuation) this.#cursors.set(id, row.continuation as Buffer);
      else this.#cursors.delete(id);
      return row.cursorpage as Buffer;
    });
  }

  async #killCursors({ document }: Command): Promise<Reply> {
    const ids: unknown[] = document.cursors;
    const cursorsKilled = ids.filter((id) => this.#cursors.delete(String(id)));
    const sql = "SELECT documentdb_api_internal.delete_cursors($1::bigint[])";
    await this.#database.row(this.#database.pool, sql, [cursorsKilled.map(String)]);
    const cursorsNotFound = ids.filter((id) => !cursorsKilled.includes(id));
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  #call(sql: string, values: readonly unknown[]): Promise<Reply> {
    return this.#database.withClient(async (client) => {
      const [reply] = Object.values(await this.#database.row(client, sql, values));
      return Buffer.isBuffer(reply) ? reply : { ok: 1 };
    });
  }

  /** Sets mongod's interval between two checks of its TTL indexes. The extension's own job checks each minute. */
  async #setParameter({ ttlMonitorSleepSecs }: Document): Promise<Reply> {
    if (ttlMonitorSleepSecs === undefined) throw new CommandError(72, "InvalidOptions", "no such parameter here");
    clearInterval(this.#ttlMonitor);
    const removeExpired = () => this.#call("CALL documentdb_api_internal.delete_expired_rows()", []).catch(() => {});
    this.#ttlMonitor = setInterval(removeExpired, Number(ttlMonitorSleepSecs) * 1_000);
    return { ok: 1 };
  }

  /**
   * Completes a duplicate key error as mongod does. The extension only names the index, or the constraint behind it.
   */
  async #duplicate(client: Queryable | pg.PoolClient, { document, name }: Command, text: string): Promise<Document> {
    const index = /Index '(.+)'$/.exec(text)?.[1] ?? null;
    const id = /documents_rum_index_(\d+)/.exec(text)?.[1] ?? null;
    const found = await this.#database.row(
      client,
      `SELECT (index_spec).index_name AS name, (index_spec).index_key AS key
         FROM documentdb_api_catalog.collection_indexes JOIN documentdb_api_catalog.collections USING (collection_id)
        WHERE index_id = $1 OR (database_name = $2 AND collection_name = $3 AND (index_spec).index_name = $4)`,
      [id, document.$db, document[name], index],
    );
    const where = `${document.$db}.${document[name]} index: ${found.name ?? index ?? id}`;
    const errmsg = `E11000 duplicate key error collection: ${where} dup key`;
    return Buffer.isBuffer(found.key) ? { errmsg, keyPattern: deserialize(found.key) } : { errmsg };
  }
}

/** Returns the id under which the extension records a retryable write, in a record that outlives this process. */
function retryId({ lsid, txnNumber }: Document): string | null {
  return txnNumber === undefined ? null : `${lsid.id.toString("hex")}:${txnNumber}`;
}
