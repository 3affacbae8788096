export { type ClockVerdict, runClockTrial } from "./clock/clock-trial.ts";
export { type KillTrialOptions, runKillTrial } from "./kill-trial.ts";
export type { StoreAddress } from "./plan.ts";
export { type RaceVerdict, runRaceTrial } from "./race-trial.ts";
export { type RestartVerdict, runRestartTrial } from "./restart-trial.ts";
export type { Verdict } from "./verdict.ts";
