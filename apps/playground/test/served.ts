import { join } from "node:path";
import { preparePGlite } from "../../../tooling/test-servers/index.ts";
import { builtPage } from "../src/serve/built-pages.ts";
import type { RunView } from "../src/serve/run-view.ts";
import { servePage } from "../src/serve/serve-page.ts";
import { folderWith } from "./run-cli.ts";

/** The processes of both sides, each with what it did and how it ended. */
export function processesOf({ v1, v2 }: RunView) {
  const shown = (side: RunView["v1"]) => side.processes.map(({ kind, end }) => [kind, end]);
  return { v1: shown(v1), v2: shown(v2) };
}

/** {@link processesOf} a run that was killed once: V1 starts over, and another process recovers V2. */
export const KILLED_ONCE = {
  v1: [
    ["start", "killed"],
    ["again", "completed"],
  ],
  v2: [
    ["start", "killed"],
    ["recover", "completed"],
  ],
};

/** Serves the page from a folder of its own, which is removed on disposal. */
export async function served() {
  const folder = await folderWith({});
  await preparePGlite(join(folder.path, "page"));
  const problems: unknown[] = [];
  const page = await builtPage(() => undefined);
  const serve = (port: number) =>
    servePage({ port, dataDir: folder.path, page, onError: (error) => problems.push(error) });
  let server = await serve(0);
  const { url } = server;
  const session = await fetch(`${url}api/session`);
  const { token } = (await session.json()) as { token: string };
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const headers = { "content-type": "application/json", "x-waymark-token": token, cookie };

  async function get<T>(path: string): Promise<T> {
    return (await (await fetch(url + path)).json()) as T;
  }

  function post(path: string, body: unknown, more: Record<string, string> = {}): Promise<Response> {
    return fetch(url + path, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) });
  }

  /** Starts a run, and returns its id. */
  async function start(order: object = {}): Promise<string> {
    const answer = await post("api/runs", {
      ...{ workflow: "bundled:order-fulfilment", store: { name: "pglite" }, disturbance: { kind: "none" }, paceMs: 0 },
      input: '{ "orderId": "A-1042" }',
      ...order,
    });
    const { id } = (await answer.json()) as { id: string };
    return id;
  }

  /** Reads the stream of a run until a state of it passes. Returns that state. */
  async function until(id: string, passes: (run: RunView) => boolean): Promise<RunView> {
    const events = new AbortController();
    const answer = await fetch(`${url}api/run/events?${new URLSearchParams({ id })}`, { signal: events.signal });
    let text = "";
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^event: run\ndata: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        const run = JSON.parse(data) as RunView;
        if (!passes(run)) continue;
        events.abort();
        return run;
      }
    }
    throw new Error("The stream has ended.");
  }

  /** Closes the server, and serves the same folder at the same address again. */
  async function restart(whileClosed: () => Promise<void>): Promise<void> {
    await server.close();
    await whileClosed();
    server = await serve(Number(new URL(url).port));
  }

  return {
    ...{ url, get, post, start, until, restart, problems, folder: folder.path },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
