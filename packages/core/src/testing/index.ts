export type { StoreMethod } from "../store/intercept-store.ts";
export { type CrashingStore, type CrashPoint, crashAt } from "./crash-at.ts";
export { type FaultRates, type InjectedFault, type InjectFaultsOptions, injectFaults } from "./inject-faults.ts";
export { ManualClock } from "./manual-clock.ts";
