import { describeConformance } from "./describe-conformance.ts";

await describeConformance("PostgresCheckpointStore", (number) => ({ schema: `case_${number}` }));
