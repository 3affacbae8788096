/** The maximum length of a name. Core allows ids of up to 512 bytes, so there is room for a number. */
const MAX_LENGTH = 500;

/** Turns any text into a valid id or name: well-formed, not empty, not too long. */
export function fitName(text: string, otherwise: string): string {
  return text.toWellFormed().replaceAll("\0", "").slice(0, MAX_LENGTH).toWellFormed() || otherwise;
}

/** Makes names unique: a name that is taken gets a number. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The next number to try. Without it, many equal names would take quadratic time. */
  readonly #next = new Map<string, number>();

  take(name: string): string {
    let unique = name;
    let number = this.#next.get(name) ?? 2;
    while (this.#taken.has(unique)) {
      unique = `${name} (${number})`;
      number += 1;
    }
    this.#next.set(name, number);
    this.#taken.add(unique);
    return unique;
  }
}
