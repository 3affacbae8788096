import { describeConformance } from "./describe-conformance.ts";

await describeConformance("MongoCheckpointStore with endedTtlMs", { endedTtlMs: 3_600_000 });
