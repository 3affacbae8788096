import { atomicityMutants } from "./atomicity.ts";
import { batchMutants } from "./batches.ts";
import { checkOrderMutants } from "./check-order.ts";
import { claimMutants } from "./claims.ts";
import { definitionMutants } from "./definitions.ts";
import { deletionMutants } from "./deletion.ts";
import { dueMutants } from "./due.ts";
import { durabilityMutants } from "./durability.ts";
import { errorMutants } from "./errors.ts";
import { fencingMutants } from "./fencing.ts";
import { fidelityMutants } from "./fidelity.ts";
import { fieldMutants } from "./fields.ts";
import { finalityMutants } from "./finality.ts";
import { historyMutants } from "./history.ts";
import { isolationMutants } from "./isolation.ts";
import { lapsedMutants } from "./lapsed.ts";
import { leaseMutants } from "./leases.ts";
import { lifecycleMutants } from "./lifecycle.ts";
import { limitMutants } from "./limits.ts";
import { listingMutants } from "./listing.ts";
import { listingFilterMutants } from "./listing-filters.ts";
import type { Mutants } from "./mutant.ts";
import { pagingMutants } from "./paging.ts";
import { randomMutants } from "./random.ts";
import { retrySafetyMutants } from "./retry-safety.ts";
import { timeMutants } from "./times.ts";
import { versionMutants } from "./versions.ts";

/** One mutant for every case of the suite. */
export const mutants: Mutants = {
  ...lifecycleMutants,
  ...atomicityMutants,
  ...versionMutants,
  ...batchMutants,
  ...fencingMutants,
  ...claimMutants,
  ...leaseMutants,
  ...timeMutants,
  ...durabilityMutants,
  ...retrySafetyMutants,
  ...checkOrderMutants,
  ...isolationMutants,
  ...fieldMutants,
  ...fidelityMutants,
  ...historyMutants,
  ...listingMutants,
  ...listingFilterMutants,
  ...dueMutants,
  ...lapsedMutants,
  ...pagingMutants,
  ...finalityMutants,
  ...deletionMutants,
  ...definitionMutants,
  ...errorMutants,
  ...limitMutants,
  ...randomMutants,
};
