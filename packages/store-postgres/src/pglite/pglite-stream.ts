import { Duplex } from "node:stream";
import { IDLE, type PGliteTurn } from "./pglite-turn.ts";

const TERMINATE = "X".charCodeAt(0);
/** The messages that the server answers with ReadyForQuery: Sync and Query. */
const ANSWERED = new Set(["S".charCodeAt(0), "Q".charCodeAt(0)]);
/** ReadyForQuery is always the last message of an answer: its type, a length of 5 and the state of the transaction. */
const READY_FOR_QUERY = "Z".charCodeAt(0);
const READY_FOR_QUERY_BYTES = 6;
// A Query message. PGlite's own `exec` would wait for the transaction that this is to end.
const ROLLBACK = Buffer.from("Q\0\0\0\x0dROLLBACK\0", "latin1");

/**
 * A stream that `pg` uses as a socket, with PGlite at its other end.
 *
 * - So the same code uses PGlite and a server. PGlite's own query functions are not suitable: they drop a byte order
 *   mark at the beginning of a text.
 * - While the store has a transaction open, PGlite's other users wait, as they do for each other; while the application
 *   has one open, the store waits (PGliteTurn).
 */
export class PGliteStream extends Duplex {
  readonly #turn: PGliteTurn;
  #hasStarted = false;
  #pending: Buffer[] = [];
  #endTurn: (() => void) | undefined;

  constructor(turn: PGliteTurn) {
    super();
    this.#turn = turn;
  }

  // What a net.Socket has and `pg` calls.
  connect(): this {
    setImmediate(() => this.emit("connect"));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#pending.push(chunk);
    const batch = this.#completeBatch();
    if (batch === undefined) {
      done();
      return;
    }
    this.#exchange(batch).then(
      (answer) => {
        if (answer.length > 0) this.push(answer);
        done();
      },
      (error: Error) => done(error),
    );
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#undo().then(
      () => done(error),
      () => done(error),
    );
  }

  /** Everything written so far, if its last message is one that is answered. */
  #completeBatch(): Buffer | undefined {
    const bytes = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
    this.#pending = [bytes];
    let at = 0;
    let isAnswered = false;
    while (at < bytes.length) {
      // The first message of all has no type.
      const typeBytes = this.#hasStarted || at > 0 ? 1 : 0;
      if (at + typeBytes + 4 > bytes.length) return undefined;
      const type = bytes[at] as number;
      if (typeBytes === 1 && type === TERMINATE) return Buffer.alloc(0);
      isAnswered = typeBytes === 0 || ANSWERED.has(type);
      at += typeBytes + bytes.readUInt32BE(at + typeBytes);
    }
    if (at !== bytes.length || !isAnswered) return undefined;
    this.#hasStarted = true;
    this.#pending = [];
    return bytes;
  }

  async #exchange(batch: Buffer): Promise<Uint8Array> {
    if (batch.length === 0) return batch;
    const answer = await this.#send(batch);
    const isReady = answer[answer.length - READY_FOR_QUERY_BYTES] === READY_FOR_QUERY;
    if (!isReady || answer[answer.length - 1] === IDLE) this.#release();
    // The stream was destroyed meanwhile: a transaction that this began is undone.
    else if (this.destroyed) await this.#undo();
    return answer;
  }

  async #send(batch: Buffer): Promise<Uint8Array> {
    if (this.#endTurn === undefined) {
      const taken = await this.#turn.take(batch, () => this.destroyed);
      this.#endTurn = taken?.end;
      return taken?.answer ?? new Uint8Array();
    }
    try {
      return await this.#turn.send(batch);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Ends a transaction that was left open. */
  async #undo(): Promise<void> {
    if (this.#endTurn === undefined) return;
    await this.#turn.send(ROLLBACK).catch(() => {});
    this.#release();
  }

  #release(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}
