export { type KillTrialOptions, runKillTrial } from "./kill-trial.ts";
export type { StoreAddress } from "./plan.ts";
export type { Verdict } from "./verdict.ts";
