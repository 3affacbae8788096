/** The latest time that a `Date` can hold, in milliseconds since the epoch: the year 275760. */
export const MAX_TIME_MS = 8.64e15;
