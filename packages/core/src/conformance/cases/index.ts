import type { ConformanceCase } from "../case.ts";
import { fieldCases } from "../fields/index.ts";
import { argumentCases } from "./arguments.ts";
import { atomicityCases } from "./atomicity.ts";
import { batchCases } from "./batches.ts";
import { checkOrderCases } from "./check-order.ts";
import { claimCases } from "./claims.ts";
import { definitionCases } from "./definitions.ts";
import { deletionCases } from "./deletion.ts";
import { dueCases } from "./due.ts";
import { durabilityCases } from "./durability.ts";
import { errorCases } from "./errors.ts";
import { fencingCases } from "./fencing.ts";
import { fidelityCases } from "./fidelity.ts";
import { finalityCases } from "./finality.ts";
import { historyCases } from "./history.ts";
import { isolationCases } from "./isolation.ts";
import { lapsedCases } from "./lapsed.ts";
import { leaseCases } from "./leases.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { limitCases } from "./limits.ts";
import { listingCases } from "./listing.ts";
import { listingFilterCases } from "./listing-filters.ts";
import { pagingCases } from "./paging.ts";
import { randomCases } from "./random.ts";
import { retrySafetyCases } from "./retry-safety.ts";
import { timeCases } from "./times.ts";
import { versionCases } from "./versions.ts";

/** Every case of the suite, in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...lifecycleCases,
  ...atomicityCases,
  ...versionCases,
  ...batchCases,
  ...fencingCases,
  ...claimCases,
  ...leaseCases,
  ...timeCases,
  ...durabilityCases,
  ...retrySafetyCases,
  ...checkOrderCases,
  ...isolationCases,
  ...fieldCases,
  ...fidelityCases,
  ...historyCases,
  ...listingCases,
  ...listingFilterCases,
  ...dueCases,
  ...lapsedCases,
  ...pagingCases,
  ...finalityCases,
  ...deletionCases,
  ...definitionCases,
  ...argumentCases,
  ...limitCases,
  ...errorCases,
  ...randomCases,
];
