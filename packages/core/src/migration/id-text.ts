/** Returns the text of an id, also of a wrong one. Never throws. */
export function idText(id: unknown): string {
  try {
    return String(id);
  } catch {
    return `(${typeof id})`;
  }
}
