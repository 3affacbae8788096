import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type CheckpointStore, createWorkflowEngine } from "@waymark/core";
import { inspectorFor } from "../server/create-inspector.ts";

/** What is served. */
export interface ServeOptions {
  store: CheckpointStore;
  port: number;
  actions: boolean;
  redact: readonly string[];
}

/** An inspector that is being served. */
export interface ServedInspector {
  url: string;
  /** Ends the connections, and the store's. */
  close(): Promise<void>;
}

/** Serves an inspector to this machine only. So it needs nobody's authorization. */
export async function serveInspector({ store, port, actions, redact }: ServeOptions): Promise<ServedInspector> {
  const engine = createWorkflowEngine({ store, workflows: () => undefined, executors: () => noCode });
  const inspector = inspectorFor({ engine, redact, authorize: () => ({ actions }) }, { canRun: false });
  const server = createServer(getRequestListener(inspector.fetch, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

/** Stands for the code of every node, so that a definition can be read. It never runs: this engine resumes nothing. */
function noCode(): never {
  throw new Error("The inspector has no code for nodes.");
}
