import { type Check, wholeNumber } from "../option.ts";

/** The most nodes of an execution that may run at the same time. */
const MAX_NODE_CONCURRENCY = 1_000;

/** The option `nodeConcurrency` of engines and calls. */
export const nodeConcurrency: Check = wholeNumber(1, MAX_NODE_CONCURRENCY);
