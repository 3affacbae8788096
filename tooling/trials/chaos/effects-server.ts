import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** What an executor tells the world outside, and waits for the receipt of. */
export type Effect =
  /** An attempt has begun; `wait` counts the waits of its visit that have begun. */
  | { what: "run"; executionId: string; nodeId: string; visit: number; attempt: number; wait: number }
  /** The effect of a node, to be made once for each key. */
  | { what: "effect"; executionId: string; nodeId: string; visit: number; key: string; value: number }
  /** A node is about to ask somebody, who answers with the token. */
  | { what: "ask"; executionId: string; workflowId: string; nodeId: string; wait: number; waitToken: string }
  /** Something that must not be. */
  | { what: "violation"; executionId: string; message: string };

/** An effect that was made, with how often it was asked for. */
export interface MadeEffect {
  executionId: string;
  nodeId: string;
  visit: number;
  value: number;
  requests: number;
}

/** A service that nodes call over HTTP: it makes an effect once for each idempotency key, and counts all requests. */
export class EffectsServer implements AsyncDisposable {
  readonly effects = new Map<string, MadeEffect>();
  /** The attempts that have begun, by execution and node, in the order in which they were reported. */
  readonly runs = new Map<string, { visit: number; attempt: number; wait: number }[]>();
  readonly violations: string[] = [];
  /** No time limits: a client may be frozen in the middle of a request. */
  readonly #server = createServer(
    { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 },
    (request, response) => {
      this.#take(request).then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    },
  );
  readonly #onAsk: (asked: Effect & { what: "ask" }) => void;

  constructor(onAsk: (asked: Effect & { what: "ask" }) => void) {
    this.#onAsk = onAsk;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests that repeated an effect. */
  get repeated(): number {
    return [...this.effects.values()].reduce((sum, { requests }) => sum + requests - 1, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(request: IncomingMessage): Promise<void> {
    const effect = (await json(request)) as Effect;
    if (effect.what === "ask") return this.#onAsk(effect);
    if (effect.what === "violation") {
      this.violations.push(`${effect.executionId}: ${effect.message}`);
    } else if (effect.what === "run") {
      const { executionId, nodeId, visit, attempt, wait } = effect;
      const run = `${executionId} ${nodeId}`;
      const runs = this.runs.get(run) ?? [];
      this.runs.set(run, [...runs, { visit, attempt, wait }]);
    } else {
      this.#make(effect);
    }
  }

  #make({ key, executionId, nodeId, visit, value }: Effect & { what: "effect" }): void {
    const made = this.effects.get(key);
    if (made === undefined) {
      this.effects.set(key, { executionId, nodeId, visit, value, requests: 1 });
      return;
    }
    made.requests += 1;
    if (made.executionId !== executionId || made.nodeId !== nodeId || made.visit !== visit || made.value !== value) {
      this.violations.push(`${executionId}: ${nodeId} has the key of another effect, ${JSON.stringify(made)}`);
    }
  }
}
