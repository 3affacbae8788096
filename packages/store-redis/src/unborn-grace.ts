/** How long a creation may be under way before a listing calls it off, in milliseconds. Its writer then begins again. */
export const UNBORN_GRACE_MS = 60_000;
