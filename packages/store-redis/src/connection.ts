import { setTimeout as sleep } from "node:timers/promises";
import { storeClosed } from "@waymark/core/store";
import { endsWithin, within } from "@waymark/store-connection";
import { onClientChange, type RedisClient } from "./redis-client.ts";
import type { Script } from "./script.ts";
import { isConnectionLost, replyCodeOf, TimedOut, translateError } from "./translate-error.ts";

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  client: RedisClient;
  /** True if `close` ends the client. */
  owned: boolean;
  /** Milliseconds after which a call fails, including waiting for the connection and sending again. */
  timeoutMs: number;
}

/** Options of one call. */
export interface CallOptions {
  /** False if it must not be sent again after its answer was lost. Default: true. */
  repeatable?: boolean;
}

/** Milliseconds that `close` waits for work in the background. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Codes of faults that pass by themselves: a server that starts, a slot that moves, a failover, a long script. */
const PASSING = new Set(["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "BUSY"]);

/** Sends scripts and commands through a client, each within a time limit. */
export class Connection {
  readonly #client: RedisClient;
  readonly #owned: boolean;
  readonly #timeoutMs: number;
  /** The latest fault of the present outage. */
  #lastError: unknown;
  #isClosed = false;

  constructor({ client, owned, timeoutMs }: ConnectionOptions) {
    this.#client = client;
    this.#owned = owned;
    this.#timeoutMs = timeoutMs;
    // Without a listener, ioredis would print each fault. The faults of a borrowed client are left to its owner.
    if (!owned) return;
    client.on("error", (error: unknown) => {
      this.#lastError = error;
    });
    client.on("ready", () => {
      this.#lastError = undefined;
    });
  }

  /** Runs a script by its digest, or sends all of it if the server does not know it. */
  run<T>(script: Script, keys: readonly string[], args: readonly string[], options?: CallOptions): Promise<T> {
    return this.#call(() => this.#evaluate<T>(script, keys, args), options);
  }

  /** Runs a script once for each key, all at the same time. */
  async runEach<T>(script: Script, keys: readonly string[]): Promise<T[]> {
    const client = this.#client;
    if (keys.length < 2 || client.isCluster) {
      return this.#call(() => Promise.all(keys.map((key) => this.#evaluate<T>(script, [key], []))));
    }
    return this.#call(async () => {
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.evalsha(script.sha1, 1, key);
      const replies = (await pipeline.exec()) ?? [];
      return Promise.all(
        replies.map(([error, reply], at) => {
          if (error === null) return reply as T;
          if (replyCodeOf(error) === "NOSCRIPT") return this.#evaluate<T>(script, [keys[at] as string], []);
          throw error;
        }),
      );
    });
  }

  /** Sends a command. */
  async send<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#call(() => command(this.#client));
  }

  /**
   * Waits up to 5 seconds for `work`; then refuses new calls and ends an owned client. The store has waited for its
   * calls.
   */
  async close(work: Promise<void>): Promise<void> {
    await endsWithin(work, CLOSE_TIMEOUT_MS);
    this.#isClosed = true;
    if (this.#owned) this.#client.disconnect();
  }

  async #evaluate<T>({ sha1, source }: Script, keys: readonly string[], args: readonly string[]): Promise<T> {
    try {
      return (await this.#client.evalsha(sha1, keys.length, ...keys, ...args)) as T;
    } catch (error) {
      if (replyCodeOf(error) !== "NOSCRIPT") throw error;
      return (await this.#client.eval(source, keys.length, ...keys, ...args)) as T;
    }
  }

  async #call<T>(send: () => Promise<T>, { repeatable = true }: CallOptions = {}): Promise<T> {
    if (this.#isClosed) throw storeClosed();
    const deadline = performance.now() + this.#timeoutMs;
    let wasReadOnly = false;
    let passing: unknown;
    try {
      for (let tries = 1; ; tries++) {
        if (this.#client.status !== "ready") await this.#ready(deadline);
        try {
          return await this.#within(deadline, send());
        } catch (error) {
          const code = replyCodeOf(error) ?? "";
          // After a failover a new connection leads to the primary, if the address does.
          const isPassing = PASSING.has(code) || (code === "READONLY" && !wasReadOnly);
          wasReadOnly ||= code === "READONLY";
          if (!isPassing && !(repeatable && isConnectionLost(error))) throw error;
          if (isPassing) passing = error;
          const pauseMs = Math.min(20 * 2 ** Math.min(tries, 5), 500);
          if (this.#isClosed || performance.now() + pauseMs >= deadline) throw error;
          await sleep(pauseMs);
        }
      }
    } catch (error) {
      if (error instanceof TimedOut) this.#reconnect();
      // The server's earlier answer explains more than the timeout.
      throw translateError(error instanceof TimedOut ? (passing ?? error) : error);
    }
  }

  /** Waits until the client is connected. */
  async #ready(deadline: number): Promise<void> {
    const client = this.#client;
    if (client.status === "wait") client.connect().catch(() => {});
    if (client.status === "end") throw this.#lastError ?? new Error("Connection is closed.");
    let stop = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      stop = onClientChange(client, () => {
        if (client.status === "ready") resolve();
        else if (client.status === "end") reject(this.#lastError ?? new Error("Connection is closed."));
      });
    });
    try {
      await this.#within(deadline, ready);
    } catch (error) {
      throw error instanceof TimedOut ? (this.#lastError ?? error) : error;
    } finally {
      stop();
    }
  }

  #within<T>(deadline: number, work: Promise<T>): Promise<T> {
    return within(work, deadline - performance.now(), () => new TimedOut(this.#timeoutMs));
  }

  /** Replaces a connection on which nothing comes back: the next call gets a new one. */
  #reconnect(): void {
    if (this.#owned && !this.#isClosed && "stream" in this.#client) this.#client.disconnect(true);
  }
}
