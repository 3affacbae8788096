import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type ErrorCode, isWorkflowError, WorkflowError } from "@waymark/core";
import type { createOrders } from "./orders.ts";

type Orders = Pick<ReturnType<typeof createOrders>, "startExecution" | "getExecutionState" | "answerWait">;
type Answer = { status: number; body: unknown; headers?: Record<string, string> };

/** The user that all orders belong to. A server with users takes it from the session, and reads with `{ userId }`. */
const USER_ID = "shop";
const MAX_BODY_BYTES = 100_000;

/** The errors that are the caller's, or pass. All others are a fault of the server. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  INPUT_INVALID: 400,
  STATE_NOT_SERIALIZABLE: 400,
  EXECUTION_NOT_FOUND: 404,
  NOT_WAITING: 404,
  EXECUTION_ALREADY_EXISTS: 409,
  PAYLOAD_TOO_LARGE: 413,
  LEASE_HELD: 503,
  STORE_UNAVAILABLE: 503,
};

/**
 * Makes the server's routes. None of them waits for a workflow.
 *
 * - `POST /orders` with the header Idempotency-Key: accepts an order once, however often it is sent.
 * - `GET /orders/:id`: the order, and what it waits for.
 * - `POST /answers/:token`: answers the node that waits.
 */
export function createRoutes(orders: Orders): RequestListener {
  return (request, response) => {
    void handle(orders, request)
      .catch(failed)
      .then((answer) => send(response, answer));
  };
}

async function handle(orders: Orders, request: IncomingMessage): Promise<Answer> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const [, resource, id = "", ...rest] = pathname.split("/");
  const route = rest.length === 0 ? `${request.method} /${resource}${id === "" ? "" : "/:id"}` : "";
  switch (route) {
    case "POST /orders":
      return accept(orders, request);
    case "GET /orders/:id":
      return show(orders, decodeURIComponent(id));
    case "POST /answers/:id":
      await orders.answerWait({ waitToken: decodeURIComponent(id), data: await readJson(request) });
      return { status: 202, body: {} };
    default:
      return { status: 404, body: { error: "NO_SUCH_ROUTE" } };
  }
}

async function accept({ startExecution }: Orders, request: IncomingMessage): Promise<Answer> {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") throw new WorkflowError("INVALID_ARGUMENT", "The header Idempotency-Key is missing.");
  const { executionId, created } = await startExecution({
    workflowId: "order",
    userId: USER_ID,
    executionId: key,
    ifExists: "join",
    // The workflow's own schema checks it.
    initialData: (await readJson(request)) as { customer: string; totalCents: number },
  });
  const location = `/orders/${encodeURIComponent(executionId)}`;
  return { status: created ? 202 : 200, body: { orderId: executionId }, headers: { location } };
}

async function show({ getExecutionState }: Orders, orderId: string): Promise<Answer> {
  const state = await getExecutionState(orderId, { checkpoints: "last", userId: USER_ID });
  // The tokens stay here: who reads an order may not answer for it.
  const waiting = state.getWaiting().map(({ nodeId, reason, since, until }) => ({ nodeId, reason, since, until }));
  const error = state.getFailure()?.message;
  return { status: 200, body: { orderId, status: state.getStatus(), order: state.getContext(), waiting, error } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is left of a body that is too large is read too: the client takes no answer before it has sent it.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new WorkflowError("PAYLOAD_TOO_LARGE", "The body is too large.");
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new WorkflowError("INVALID_ARGUMENT", "The body is not JSON.");
  }
}

function failed(error: unknown): Answer {
  if (error instanceof URIError) return { status: 400, body: { error: "INVALID_ARGUMENT" } };
  const status = isWorkflowError(error) ? STATUSES[error.code] : undefined;
  if (isWorkflowError(error) && status !== undefined) {
    return { status, body: { error: error.code, message: error.message } };
  }
  console.error(error);
  return { status: 500, body: { error: "INTERNAL" } };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(`${JSON.stringify(body)}\n`);
}
