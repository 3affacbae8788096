import { describeConformance } from "./describe-conformance.ts";

await describeConformance("PostgresCheckpointStore, beside others in one schema", (number) => ({
  schema: "shared",
  tablePrefix: `p${number}_`,
}));
