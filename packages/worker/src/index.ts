export { createWorker, type StopOptions, type Worker } from "./create-worker.ts";
export type { WorkerEngine, WorkerOptions } from "./options.ts";
export type { NewSchedule, WorkerSchedule } from "./schedules.ts";
