import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { createOrders } from "./orders.ts";
import { createRoutes } from "./routes.ts";
import { createServices } from "./services.ts";

const {
  PORT = "3000",
  /** PGlite's folder: one process at a time has it. With `{ url }` of a PostgreSQL, any number of processes run orders. */
  DATA_DIR = ".waymark/orders",
  SERVICES_URL = "http://localhost:4000",
  /** Less than the time after which the platform kills the process, by 5 seconds or more. */
  DRAIN_MS = "20000",
} = process.env;

const store = await PostgresCheckpointStore.connect({ dataDir: DATA_DIR });
const orders = createOrders({ store, callService: createServices(SERVICES_URL) });

const server = createServer(createRoutes(orders));

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));

// Runs what the routes start and answer, and what an earlier process has left.
orders.startRecovery();

server.listen(Number(PORT), "127.0.0.1");
await once(server, "listening");
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

async function stop(signal: string): Promise<void> {
  const closed = once(server, "close");
  // Requests under way are answered. An order that they start is left for the next process.
  server.close();
  console.log(`${signal}: no further node starts`);
  await orders.drain({ timeoutMs: Number(DRAIN_MS) });
  server.closeAllConnections();
  await closed;
  await store.close();
  // A node that ignored its signal may still be under way, and would keep the process alive.
  process.exit(0);
}
