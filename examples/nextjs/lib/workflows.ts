import { setTimeout as wait } from "node:timers/promises";
import { createWorkflowEngine } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { order } from "./order";

const kept = globalThis as { waymarkPool?: pg.Pool };
kept.waymarkPool ??= new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
const pool = kept.waymarkPool; // also for your own queries
if (pool.listenerCount("error") === 0) {
  pool.on("error", (error) => console.error("An idle connection was lost:", error.message));
}

export const engine = createWorkflowEngine({
  store: PostgresCheckpointStore.from(pool, { migrate: process.env.MIGRATE !== "no" }),
  workflows: [order],
  executors: {
    default: async ({ context, node, signal }) => {
      await wait(300, undefined, { signal }); // a request to a service of yours
      return { ...context, [node.id]: "done" };
    },
  },
  nodeTimeoutMs: 8_000,
});
