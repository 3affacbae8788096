import { itNamesWrongFirstCalls } from "tooling/store-checks";
import { PostgresCheckpointStore } from "../src/index.ts";

itNamesWrongFirstCalls(PostgresCheckpointStore, [
  [{ host: "localhost" }, "write options: { host: … }"],
  [{ connectionString: "postgres://localhost" }, 'did you mean "url"?'],
]);
