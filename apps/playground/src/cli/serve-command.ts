import { once } from "node:events";
import { builtPage } from "../serve/built-pages.ts";
import { type PageOptions, type ServedPage, servePage } from "../serve/serve-page.ts";
import { messageOf } from "../values/message-of.ts";
import { oneLine } from "./one-line.ts";
import { CommandError, EXIT_CODES } from "./run-program.ts";

const DEFAULT_PORT = 4647;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Serves the page until the process is told to end. @throws {CommandError} if the port cannot be used */
export async function serveUntilEnded({ dataDir, port }: { dataDir: string; port?: number }): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const onError = (error: unknown) => say(`error INTERNAL: ${oneLine(messageOf(error))}`);
  const page = await builtPage(say);
  const served = await listen({ dataDir, page, onError, port: port ?? DEFAULT_PORT }, port === undefined);
  const told = new AbortController();
  // Before the page is named: somebody may end it at once.
  const ended = Promise.race(SIGNALS.map((signal) => once(process, signal, { signal: told.signal })));
  try {
    say(`The page is at ${served.url} (Ctrl+C ends it)`);
    await ended;
  } finally {
    told.abort();
    await served.close();
  }
}

/** If nobody has asked for a port and the usual one is taken, any free one will do. */
async function listen(options: PageOptions, mayMove: boolean): Promise<ServedPage> {
  try {
    return await servePage(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE" && mayMove) return servePage({ ...options, port: 0 });
    const message = `The page cannot be served: ${messageOf(error)}`;
    throw new CommandError({ code: "NOT_SERVED", message, exitCode: EXIT_CODES.badInput });
  }
}
