import { itNamesWrongFirstCalls } from "tooling/store-checks";
import { RedisCheckpointStore } from "../src/index.ts";

itNamesWrongFirstCalls(RedisCheckpointStore, [
  [{ host: "localhost" }, "write options: { host: … }"],
  [{ connectionString: "redis://localhost" }, 'did you mean "url"?'],
]);
