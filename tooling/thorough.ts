/**
 * True if tests of a large space try all of it, as in `pnpm check`. Otherwise they try a part, always the same one, so that
 * `npm test` is quick.
 */
export const isThorough = process.env.WAYMARK_THOROUGH === "1";
