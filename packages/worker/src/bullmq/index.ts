export { type BullmqDispatcher, bullmqDispatcher } from "./bullmq-dispatcher.ts";
export type { BullmqDispatcherOptions } from "./options.ts";
