import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** An order as `GET /orders/:id` answers. */
export interface ShownOrder {
  status: string;
  order: Record<string, unknown>;
  waiting: { nodeId: string; reason?: string }[];
}

/** The order server as a process of its own. */
export type OrderProgram = Awaited<ReturnType<typeof startProgram>>;

/** Starts the program on a free port. Disposal kills it, if it still runs. */
export async function startProgram(env: { DATA_DIR: string; SERVICES_URL: string; DRAIN_MS?: string }) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [, url = ""] = /^listening on (\S+)$/.exec((await lines.next()).value ?? "") ?? [];

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  const show = async (orderId: string) => (await (await fetch(`${url}/orders/${orderId}`)).json()) as ShownOrder;
  return {
    post,
    get: (path: string) => fetch(url + path),
    order: (key: string, totalCents = 4_200) =>
      post("/orders", { customer: "Ada", totalCents }, { "idempotency-key": key }),
    show,
    /** Resolves with the order once it has a status. */
    async until(status: string, orderId: string): Promise<ShownOrder> {
      for (;;) {
        const shown = await show(orderId);
        if (shown.status === status) return shown;
        await wait(20);
      }
    },
    /** Sends SIGTERM. Resolves once the program has heard it. */
    async terminate(): Promise<void> {
      child.kill("SIGTERM");
      await lines.next();
    },
    /** Resolves with the exit code, or the signal that ended the process. */
    async exit(): Promise<number | string | null> {
      const [code, signal] = await exited;
      return code ?? signal;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
