import type { ConformanceCase } from "../case.ts";
import { fieldCases } from "../fields/index.ts";
import { argumentCases } from "./arguments.ts";
import { atomicityCases } from "./atomicity.ts";
import { checkOrderCases } from "./check-order.ts";
import { deletionCases } from "./deletion.ts";
import { durabilityCases } from "./durability.ts";
import { errorCases } from "./errors.ts";
import { fencingCases } from "./fencing.ts";
import { fidelityCases } from "./fidelity.ts";
import { finalityCases } from "./finality.ts";
import { historyCases } from "./history.ts";
import { isolationCases } from "./isolation.ts";
import { leaseCases } from "./leases.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { listingCases } from "./listing.ts";
import { pagingCases } from "./paging.ts";
import { randomCases } from "./random.ts";
import { retrySafetyCases } from "./retry-safety.ts";
import { versionCases } from "./versions.ts";

/** Every case of the suite, in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...lifecycleCases,
  ...atomicityCases,
  ...versionCases,
  ...fencingCases,
  ...leaseCases,
  ...durabilityCases,
  ...retrySafetyCases,
  ...checkOrderCases,
  ...isolationCases,
  ...fieldCases,
  ...fidelityCases,
  ...historyCases,
  ...listingCases,
  ...pagingCases,
  ...finalityCases,
  ...deletionCases,
  ...argumentCases,
  ...errorCases,
  ...randomCases,
];
