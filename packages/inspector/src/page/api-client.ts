import { hc, type InferResponseType } from "hono/client";
import type { Api } from "../server/api.ts";
import { connection } from "./connection.ts";

/** The calls of the server, typed by its routes. */
export const api = hc<Api>(new URL("api", document.baseURI).href);

export type Session = InferResponseType<typeof api.session.$get>;
export type ExecutionsPage = InferResponseType<typeof api.executions.$get>;
export type ExecutionRow = ExecutionsPage["items"][number];
export type ExecutionInfo = InferResponseType<typeof api.execution.$get>;
export type Progress = InferResponseType<typeof api.progress.$get>;
export type Wait = Progress["waiting"][number];
export type RecordsPage = InferResponseType<typeof api.records.$get>;
export type RecordRow = RecordsPage["items"][number];
export type Change = InferResponseType<typeof api.change.$get>;
export type Failure = NonNullable<Progress["failure"]>;
export type Graph = NonNullable<ExecutionInfo["definition"]["graph"]>;

/** An answer of the server that is no success. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Returns the JSON of a response, and notes if the server can be reached. @throws {ApiError} */
export async function resultOf<T>(sent: Promise<{ ok: boolean; status: number; json(): Promise<T> }>): Promise<T> {
  let response: Awaited<typeof sent>;
  try {
    response = await sent;
  } catch {
    connection.set("unreachable");
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached.");
  }
  if (response.ok) {
    connection.set("online");
    return response.json();
  }
  const { code, message } = await problemOf(response);
  connection.set(response.status === 503 ? "store-away" : "online");
  throw new ApiError(response.status, code, message);
}

async function problemOf(response: {
  status: number;
  json(): Promise<unknown>;
}): Promise<{ code: string; message: string }> {
  try {
    const { error } = (await response.json()) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === "string" && typeof error.message === "string") {
      return { code: error.code, message: error.message };
    }
  } catch {
    // A proxy's page, say.
  }
  return { code: `HTTP_${response.status}`, message: `The server has answered with status ${response.status}.` };
}

let session: Session | undefined;

/** What the server allows this browser. Is asked for once, and again after a refused action. */
export async function openSession(): Promise<Session> {
  session = await resultOf(api.session.$get());
  return session;
}

/** The headers of an action, which prove that it comes from this page. */
export async function proof(): Promise<{ headers: Record<string, string> }> {
  const { token } = session ?? (await openSession());
  return { headers: { "x-waymark-token": token } };
}
