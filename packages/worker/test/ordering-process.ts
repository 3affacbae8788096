// Places orders, each in a transaction with its execution and its job, until it is killed:
//   node ordering-process.ts <URL of the database> <prefix of the ids>
import { createWorkflowEngine } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { onConnection } from "./transactions.ts";

const [, , url = "", prefix = ""] = process.argv;
const pool = new pg.Pool({ connectionString: url, application_name: "ordering" });
const begin = onConnection(pool);
const dispatcher = pgBossDispatcher({ url, schema: "queue" });
await dispatcher.setup();
const engine = createWorkflowEngine({
  store: PostgresCheckpointStore.from(pool),
  dispatcher,
  workflows: [{ id: "order", nodes: [{ id: "ship" }], edges: [] }],
  executors: { default: ({ context }) => context },
});
let orders = 0;
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (;;) {
      const executionId = `${prefix}-${++orders}`;
      await begin(async ({ client, query }) => {
        await query("INSERT INTO orders (id) VALUES ($1)", [executionId]);
        const store = PostgresCheckpointStore.inTransaction(client);
        await engine.startExecution({ workflowId: "order", userId: "ada", executionId, store });
      });
      process.stdout.write("placed\n");
    }
  }),
);
