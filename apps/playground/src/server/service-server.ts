import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Fault, FaultPlan } from "./faults.ts";
import { HeldAnswers } from "./held-answers.ts";
import { standInAnswer } from "./language-model.ts";
import { Ledger, signatureOf } from "./ledger.ts";
import { readRecord, receipt } from "./records.ts";

/** The services that the bundled workflows talk to: one real HTTP server on loopback. */
export interface ServiceServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What it was asked to change. */
  readonly ledger: Ledger;
  /** Forgets everything, and misbehaves as told from now on. */
  reset(faults?: readonly Fault[]): void;
  /**
   * From now on does what a node asks for, but keeps the answers back; resolves once the first is being kept.
   *
   * - Only for requests that change something and name their node.
   */
  holdAnswersTo(nodeId: string): Promise<void>;
  /** Lets go of the answers that are kept back, and keeps no more. */
  releaseAnswers(): void;
  /** How many requests have come since it started, reads and refused ones included. */
  readonly received: number;
  /** Resolves once no request is being worked on: late ones of a run that was cut off are then in the ledger. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Where the questions for a language model are passed on to. */
export interface LlmUpstream {
  /** Without `/v1/messages`. */
  baseUrl: string;
  apiKey: string;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * Starts the services on a free port of 127.0.0.1.
 *
 * - `llm`: pass `/v1/messages` on to the real API instead of answering in its place. Answers are kept as long as the
 *   server lives, so that the executors under comparison see the same ones.
 */
export async function startServiceServer(options: { llm?: LlmUpstream } = {}): Promise<ServiceServer> {
  const ledger = new Ledger();
  const faults = new FaultPlan();
  const askModel = options.llm === undefined ? undefined : rememberingClient(options.llm);
  const held = new HeldAnswers();
  const busy = new Set<Promise<void>>();
  let received = 0;

  const server = createServer((request, response) => {
    received += 1;
    const work = handle(request, response, { ledger, faults, askModel, held }).catch((error: unknown) => {
      if (!response.headersSent) answer(response, 500, { message: String(error) });
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
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
    idle: async () => {
      while (busy.size > 0) await Promise.all(busy);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type AskModel = (body: string) => Promise<{ status: number; body: unknown; retryAfter?: string }>;

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  context: { ledger: Ledger; faults: FaultPlan; askModel: AskModel | undefined; held: HeldAnswers },
): Promise<void> {
  const { ledger, faults, askModel, held } = context;
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://loopback");
  const path = url.pathname;
  const body = await readText(request);
  if (body === undefined) return answer(response, 413, { message: "The request is too large." });

  const { delayMs, refusal } = faults.next(method, path);
  if (delayMs > 0) await sleep(delayMs);
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
    const record = readRecord(path, url.searchParams);
    return record === undefined
      ? answer(response, 404, { message: `Nothing at ${path}.` })
      : answer(response, 200, record);
  }
  const earlier = ledger.answerFor(entry.idempotencyKey);
  if (earlier !== undefined) {
    ledger.record({ ...entry, outcome: "replayed" });
    return answer(response, 200, earlier.body);
  }
  if (path !== "/v1/messages") {
    const done = receipt(path, entry.signature);
    ledger.record({ ...entry, outcome: "applied" }, done);
    await held.pass(entry.nodeId);
    return answer(response, 201, done);
  }
  const said = askModel === undefined ? { status: 200, body: standInAnswer(JSON.parse(body)) } : await askModel(body);
  ledger.record({ ...entry, outcome: said.status < 400 ? "applied" : "refused" }, said.body);
  await held.pass(entry.nodeId);
  if ("retryAfter" in said && said.retryAfter !== undefined) response.setHeader("retry-after", said.retryAfter);
  answer(response, said.status, said.body);
}

function rememberingClient({ baseUrl, apiKey }: LlmUpstream): AskModel {
  const known = new Map<string, unknown>();
  return async (body) => {
    if (known.has(body)) return { status: 200, body: known.get(body) };
    const response = await fetch(`${baseUrl.replace(/\/$/, "")}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": apiKey },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    const said = (await response.json()) as unknown;
    if (response.ok) known.set(body, said);
    const retryAfter = response.headers.get("retry-after");
    return { status: response.status, body: said, ...(retryAfter === null ? {} : { retryAfter }) };
  };
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    // Read to its end all the same: a client that is cut off in mid-request may not see the answer.
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
