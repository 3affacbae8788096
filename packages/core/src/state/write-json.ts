/**
 * Writes JSON that this package has made itself, as `JSON.stringify` does, but for `toJSON`: a library that puts one on
 * `Object.prototype` or `Array.prototype` must not change what is stored.
 *
 * @throws {RangeError} if the text would be longer than a string can be
 */
export function writeJson(json: unknown): string {
  // Of a text or a number, JSON.stringify calls no method.
  if (typeof json !== "object") return JSON.stringify(json);
  return "toJSON" in Object.prototype || "toJSON" in Array.prototype ? write(json) : JSON.stringify(json);
}

function write(json: unknown): string {
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(write).join(",")}]`;
  return `{${Object.entries(json)
    .map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`)
    .join(",")}}`;
}
