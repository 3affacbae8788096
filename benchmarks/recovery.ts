// Measures a pass of a recovery that finds 50 due executions among 1,000 and among 100,000, on PostgreSQL: the pass that
// finds nothing to do, which is what an idle process costs, and the query alone.
//
//   node recovery.ts                   uses the server of POSTGRES_URL; without it, starts one
import { createWorkflowEngine } from "@waymark/core";
import { interceptStore } from "@waymark/core/store";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";

const SIZES = [1_000, 100_000];
const DUE = 50;
const AT_ONCE = 64;
const ROUNDS = 200;
const FAR_MS = 86_400_000;

const server = await startPostgres();
const store = await PostgresCheckpointStore.connect({ url: server.url });
let queries = 0;
const counted = interceptStore(store, (_method, call) => {
  queries++;
  return call();
});
const idle = createWorkflowEngine({ store: counted, workflows: [], executors: {} });

let made = 0;
for (const size of SIZES) {
  await fillTo(size);
  const query = await medianMs(() => store.listExecutions({ due: true, limit: 100 }));
  queries = 0;
  const pass = await medianMs(() => idle.recoverExecutions({ userId: "nobody" }));
  const { items } = await store.listExecutions({ due: true, limit: 100 });
  console.log(
    `${size.toLocaleString("en")} executions: ${items.length} due found in ${query.toFixed(2)} ms; an idle pass takes ${pass.toFixed(2)} ms and ${queries / ROUNDS} queries`,
  );
}
await store.close();
await server.stop();

/** Creates executions until there are so many: the first of them due, the others suspended for a day. */
async function fillTo(size: number): Promise<void> {
  const worker = async (): Promise<void> => {
    while (made < size) {
      const index = made++;
      const { owner: _owner, leaseMs: _leaseMs, ...execution } = newExecution(`e${index}`);
      await store.createExecution({ ...execution, status: "suspended", wakeInMs: index < DUE ? 0 : FAR_MS });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function medianMs(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await call();
    times.push(performance.now() - startedMs);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2] as number;
}
