import { itSurvivesARestart } from "tooling/store-checks";
import { startOwnMongo } from "tooling/test-servers";
import { MongoCheckpointStore } from "../src/index.ts";

itSurvivesARestart({ start: startOwnMongo, connect: (url) => MongoCheckpointStore.connect({ url, timeoutMs: 500 }) });
