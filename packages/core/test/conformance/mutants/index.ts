import { atomicityMutants } from "./atomicity.ts";
import { checkOrderMutants } from "./check-order.ts";
import { deletionMutants } from "./deletion.ts";
import { durabilityMutants } from "./durability.ts";
import { errorMutants } from "./errors.ts";
import { fencingMutants } from "./fencing.ts";
import { fidelityMutants } from "./fidelity.ts";
import { fieldMutants } from "./fields.ts";
import { finalityMutants } from "./finality.ts";
import { historyMutants } from "./history.ts";
import { isolationMutants } from "./isolation.ts";
import { leaseMutants } from "./leases.ts";
import { lifecycleMutants } from "./lifecycle.ts";
import { listingMutants } from "./listing.ts";
import type { Mutants } from "./mutant.ts";
import { pagingMutants } from "./paging.ts";
import { randomMutants } from "./random.ts";
import { retrySafetyMutants } from "./retry-safety.ts";
import { versionMutants } from "./versions.ts";

/** One mutant for every case of the suite. */
export const mutants: Mutants = {
  ...lifecycleMutants,
  ...atomicityMutants,
  ...versionMutants,
  ...fencingMutants,
  ...leaseMutants,
  ...durabilityMutants,
  ...retrySafetyMutants,
  ...checkOrderMutants,
  ...isolationMutants,
  ...fieldMutants,
  ...fidelityMutants,
  ...historyMutants,
  ...listingMutants,
  ...pagingMutants,
  ...finalityMutants,
  ...deletionMutants,
  ...errorMutants,
  ...randomMutants,
};
