import { resultOf } from "@waymark/inspector/page/answer.ts";
import { hc, type InferResponseType } from "hono/client";
import type { PageApi } from "../serve/page-routes.ts";

/** The calls of the server, typed by its routes. */
export const api = hc<PageApi>(new URL("api", document.baseURI).href);

export type Session = InferResponseType<typeof api.session.$get>;
export type Offered = InferResponseType<typeof api.workflows.$get>["items"][number];
export type Run = InferResponseType<typeof api.run.$get>;
export type Side = Run["v1"];
export type Rollout = InferResponseType<typeof api.rollout.$get>;
export type Order = Parameters<typeof api.runs.$post>[0]["json"];

let session: Promise<Session> | undefined;

export function openSession(): Promise<Session> {
  session ??= resultOf(api.session.$get()).catch((error: unknown) => {
    session = undefined;
    throw error;
  });
  return session;
}

/** The headers of an action, which prove that it comes from this page. */
export async function proof(): Promise<{ headers: Record<string, string> }> {
  return { headers: { "x-waymark-token": (await openSession()).token } };
}
