export { type ChaosVerdict, runChaosTrial } from "./chaos/chaos-trial.ts";
export { type DeadlyVerdict, runDeadlyTrial } from "./chaos/deadly-trial.ts";
export { disturbWorkers } from "./chaos/disturbances.ts";
export { type ClockVerdict, runClockTrial } from "./clock/clock-trial.ts";
export { type KillTrialOptions, runKillTrial } from "./kill-trial.ts";
export type { StoreAddress } from "./plan.ts";
export { type RaceVerdict, runRaceTrial } from "./race-trial.ts";
export { type RestartVerdict, runRestartTrial } from "./restart-trial.ts";
export type { Verdict } from "./verdict.ts";
