/*
 * Limits that definitions and stores share: a value that is accepted before a run must not be refused during the run.
 */

/** The longest id that a store accepts, in bytes of UTF-8. */
export const MAX_ID_BYTES = 512;
/** The longest name of a node that a store accepts, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 4_096;
