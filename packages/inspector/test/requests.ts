import type { Inspector } from "../src/index.ts";

/** The origin under which the inspectors of tests are reached. */
const ORIGIN = "http://localhost:4646";

/** The actions of the page, on the executions of newOrders. */
export const ACTIONS: [string, object][] = [
  ["resume", { id: "order-1003", definition: "original" }],
  ["fork", { id: "order-1003", seq: 1, definition: "original" }],
  ["answer", { id: "order-1004", nodeId: "approve", visit: 1, since: "", data: "true" }],
  ["cancel", { id: "order-1004" }],
  ["delete", { id: "order-1003" }],
];

/** The answer to a call of the page. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect.
  json: any;
}

/** Sends what a browser sends. */
export function browserOf(inspector: Inspector, basePath = "") {
  let cookie = "";
  let token = "";

  async function send(
    path: string,
    { headers = {}, ...init }: { headers?: Record<string, string> } & Omit<RequestInit, "headers"> = {},
  ) {
    const sent = { host: new URL(ORIGIN).host, ...(cookie === "" ? {} : { cookie }), ...headers };
    const response = await inspector.fetch(new Request(`${ORIGIN}${basePath}${path}`, { ...init, headers: sent }));
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    } satisfies Answer;
  }

  const get = (path: string, parameters: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    send(`/api/${path}?${new URLSearchParams(parameters)}`, { headers });

  /** Opens the page's session, as the page does before its first action. */
  async function open(): Promise<void> {
    const { headers, json } = await get("session");
    cookie = headers.get("set-cookie")?.split(";")[0] ?? cookie;
    token = json.token;
  }

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(`/api/${path}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", origin: ORIGIN, "x-waymark-token": token, ...headers },
    });

  return { send, get, open, post };
}
