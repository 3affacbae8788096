import { itNamesWrongFirstCalls } from "tooling/store-checks";
import { MongoCheckpointStore } from "../src/index.ts";

itNamesWrongFirstCalls(MongoCheckpointStore, [
  [{ dbName: "app" }, 'did you mean "database"?'],
  [{ connectionString: "mongodb://localhost" }, 'did you mean "url"?'],
]);
