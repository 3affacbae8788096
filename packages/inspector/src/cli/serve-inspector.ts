import { type CheckpointStore, createWorkflowEngine } from "@waymark/core";
import { inspectorFor } from "../server/create-inspector.ts";
import { listenLocally } from "./listen-locally.ts";

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
  const server = await listenLocally(inspector.fetch, port);
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}

/** Stands for the code of every node, so that a definition can be read. It never runs: this engine resumes nothing. */
function noCode(): never {
  throw new Error("The inspector has no code for nodes.");
}
