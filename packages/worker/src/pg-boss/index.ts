export type { PgBossDispatcherOptions } from "./options.ts";
export { type PgBossDispatcher, pgBossDispatcher } from "./pg-boss-dispatcher.ts";
