import { hc, type InferResponseType } from "hono/client";
import type { Api } from "../server/api.ts";
import { resultOf } from "./answer.ts";

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
