/** Fields that builders use for a node or an edge that does not run. */
const DISABLED = ["disabled", "isDisabled", "is_disabled"];
const ENABLED = ["enabled", "isEnabled", "is_enabled"];

/** Returns true for a setting that is switched on, in any of the usual notations. */
export function isOn(value: unknown): boolean {
  return value === true || value === 1 || value === "true" || value === "1";
}

/** Returns true if the fields of a node or an edge, or those of its data, say that it does not run. */
export function isDisabled(...places: readonly Readonly<Record<string, unknown>>[]): boolean {
  return places.some(
    (fields) => DISABLED.some((name) => isOn(fields[name])) || ENABLED.some((name) => isOff(fields[name])),
  );
}

function isOff(value: unknown): boolean {
  return value === false || value === 0 || value === "false" || value === "0";
}
