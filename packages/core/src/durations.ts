import { type Check, numberFrom, wholeNumber } from "./option.ts";

/** Milliseconds, zero or more. */
export const milliseconds: Check = numberFrom(0, Number.MAX_VALUE, "a number of milliseconds, 0 or more");

/** Milliseconds, more than zero. */
export const positiveMs: Check = numberFrom(
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  "a number of milliseconds, more than 0",
);

/** A whole number, 1 or more. */
export const count: Check = wholeNumber(1);
