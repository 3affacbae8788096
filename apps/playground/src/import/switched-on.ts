/** Returns true for a setting that is switched on, in any of the usual notations. */
export function isOn(value: unknown): boolean {
  return value === true || value === 1 || value === "true" || value === "1";
}
