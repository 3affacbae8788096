import type { ConformanceCase } from "../case.ts";
import { fencingCases } from "./fencing.ts";
import { leaseCases } from "./leases.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { retrySafetyCases } from "./retry-safety.ts";
import { versionCases } from "./versions.ts";

/** Every case of the suite, in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...lifecycleCases,
  ...versionCases,
  ...fencingCases,
  ...leaseCases,
  ...retrySafetyCases,
];
