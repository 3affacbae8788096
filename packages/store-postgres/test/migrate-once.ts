// For schema.test.ts: opens the store, which migrates, and ends.
import { PostgresCheckpointStore } from "../src/index.ts";

const [url, schema] = process.argv.slice(2) as [string, string];
await PostgresCheckpointStore.migrate({ url, schema });
