/** Milliseconds after which a job is delivered again whose handler has failed. */
export const FAILED_AGAIN_MS = 1_000;
/** Milliseconds after which a tick is delivered again that this process cannot serve. */
export const OTHERS_MS = 2_000;
/** The longest that a job waits in the queue: an execution that wants to run later is looked at in between. */
export const MAX_DELAY_MS = 7 * 86_400_000;
