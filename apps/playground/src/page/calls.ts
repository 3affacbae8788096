import { queryOptions } from "@tanstack/react-query";
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

/** Milliseconds between two looks whether the server is there. */
const LOOK_MS = 2_000;

/** What the server offers. It is asked for again and again: so the page notes that the server is away, or another one. */
export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: openSession, refetchInterval: LOOK_MS });

let token: string | undefined;

async function openSession(): Promise<Session> {
  const session = await resultOf(api.session.$get());
  token = session.token;
  return session;
}

/** The headers of an action, which prove that it comes from this page. */
export async function proof(): Promise<{ headers: Record<string, string> }> {
  return { headers: { "x-waymark-token": token ?? (await openSession()).token } };
}
