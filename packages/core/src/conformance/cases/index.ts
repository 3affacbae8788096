import type { ConformanceCase } from "../case.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { versionCases } from "./versions.ts";

/** Every case of the suite, in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = [...lifecycleCases, ...versionCases];
