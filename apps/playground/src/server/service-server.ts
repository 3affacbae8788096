import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Access, MODEL_PATH } from "./access.ts";
import { type Fault, FaultPlan } from "./faults.ts";
import { HeldAnswers } from "./held-answers.ts";
import { standInAnswer } from "./language-model.ts";
import { Ledger, signatureOf } from "./ledger.ts";
import { type LlmUpstream, type ModelAnswer, rememberingClient } from "./model-client.ts";
import { readRecord, receipt } from "./records.ts";

/** The services that the bundled workflows call: one real HTTP server on loopback. */
export interface ServiceServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/TOKEN`. Append a path to it. */
  readonly url: string;
  /** The requests for changes. */
  readonly ledger: Ledger;
  /** Clears all records, and applies these faults from now on. */
  reset(faults?: readonly Fault[]): void;
  /**
   * Carries out the node's requests from now on, but holds back the answers. Resolves once the first answer is held back.
   *
   * - A request without a node counts as one of this node.
   */
  holdAnswersTo(nodeId: string): Promise<void>;
  /** Sends the answers that were held back, and holds back no more. */
  releaseAnswers(): void;
  /** The number of requests since the start, including reads and refused ones. */
  readonly received: number;
  /**
   * Resolves once no request is under way. Late requests of a run that was cut off are then in the ledger.
   *
   * - Requests that take longer than `limitMs` milliseconds are dropped without an effect.
   */
  idle(limitMs?: number): Promise<void>;
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * Starts the services on a free port of 127.0.0.1.
 *
 * - With `llm`, the server forwards `/v1/messages` to the real API instead of answering by itself. It keeps the answers
 *   until it closes, so that both executors get the same ones.
 */
export async function startServiceServer(options: { llm?: LlmUpstream } = {}): Promise<ServiceServer> {
  const ledger = new Ledger();
  const faults = new FaultPlan();
  const askModel = options.llm === undefined ? undefined : rememberingClient(options.llm);
  const held = new HeldAnswers();
  const busy = new Set<Promise<void>>();
  const access = new Access();
  let dropped = new AbortController();
  let received = 0;

  const server = createServer((request, response) => {
    const admission = access.admit(request);
    if ("status" in admission) {
      request.resume();
      response.setHeader("connection", "close");
      return answer(response, admission.status, { message: admission.message });
    }
    received += 1;
    const { path } = admission;
    const { signal } = dropped;
    const work = handle(request, response, { path, ledger, faults, askModel, held, signal }).catch(() => {
      if (signal.aborted) response.destroy();
      else if (!response.headersSent) answer(response, 500, { message: "The request cannot be answered." });
    });
    busy.add(work);
    void work.finally(() => busy.delete(work));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: access.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ledger,
    reset: (next = []) => {
      ledger.clear();
      faults.set(next);
    },
    holdAnswersTo: (nodeId) => held.holdTo(nodeId),
    releaseAnswers: () => held.release(),
    get received() {
      return received;
    },
    idle: async (limitMs) => {
      const timer = limitMs === undefined ? undefined : setTimeout(() => dropped.abort(), limitMs);
      const { signal } = dropped;
      while (busy.size > 0 && !signal.aborted) await Promise.all(busy);
      clearTimeout(timer);
      if (signal.aborted) dropped = new AbortController();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  context: {
    path: string;
    ledger: Ledger;
    faults: FaultPlan;
    askModel: ReturnType<typeof rememberingClient> | undefined;
    held: HeldAnswers;
    /** Aborts if the request is dropped. */
    signal: AbortSignal;
  },
): Promise<void> {
  const { path, ledger, faults, askModel, held, signal } = context;
  const method = request.method ?? "GET";
  const body = await readText(request);
  if (body === undefined) return answer(response, 413, { message: "The request is too large." });

  const { delayMs, refusal } = faults.next(method, path);
  if (delayMs > 0) await sleep(delayMs, undefined, { signal });
  signal.throwIfAborted();
  const isRead = method === "GET" || method === "HEAD";
  const entry = {
    method,
    path,
    nodeId: nodeIdOf(request),
    idempotencyKey: headerOf(request, "idempotency-key"),
    signature: signatureOf(method, path, body),
  };
  if (refusal !== undefined) {
    if (!isRead) ledger.record({ ...entry, outcome: "refused" });
    if (refusal.retryAfterSeconds !== undefined) response.setHeader("retry-after", refusal.retryAfterSeconds);
    return answer(response, refusal.status, { message: refusal.status === 429 ? "Too many requests." : "Try later." });
  }
  if (isRead) {
    const record = readRecord(path, new URL(request.url ?? "/", "http://loopback").searchParams);
    await held.pass(entry.nodeId);
    return record === undefined
      ? answer(response, 404, { message: `Nothing at ${path}.` })
      : answer(response, 200, record);
  }
  const earlier = ledger.answerFor(entry.idempotencyKey);
  if (earlier !== undefined) {
    ledger.record({ ...entry, outcome: "replayed" });
    return answer(response, 200, earlier.body);
  }
  if (path !== MODEL_PATH) {
    const done = receipt(path, entry.signature);
    ledger.record({ ...entry, outcome: "applied" }, done);
    await held.pass(entry.nodeId);
    return answer(response, 201, done);
  }
  const said: ModelAnswer =
    askModel === undefined ? { status: 200, body: standInAnswer(JSON.parse(body)) } : await askModel(body, signal);
  ledger.record({ ...entry, outcome: said.status < 400 ? "applied" : "refused" }, said.body);
  await held.pass(entry.nodeId);
  if (said.retryAfter !== undefined) response.setHeader("retry-after", said.retryAfter);
  answer(response, said.status, said.body);
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    // The rest is read, too, because a client that is cut off during its request may not see the answer.
    if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_REQUEST_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function nodeIdOf(request: IncomingMessage): string | undefined {
  const value = headerOf(request, "x-workflow-node");
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return value;
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
