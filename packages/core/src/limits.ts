/*
 * Limits that definitions and stores share: what is accepted before a run must not be refused during it.
 */

/** The longest id that a store takes, in bytes of UTF-8. */
export const MAX_ID_BYTES = 512;
/** The longest name of a node that a store takes, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 4_096;
