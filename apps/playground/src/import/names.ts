/** Core takes ids up to 512 characters; some room is left for a number. */
const MAX_LENGTH = 500;

/** Makes any text one that can be an id or a name: well-formed, not empty, of a bounded length. */
export function fitName(text: string, otherwise: string): string {
  return text.toWellFormed().replaceAll("\0", "").slice(0, MAX_LENGTH).toWellFormed() || otherwise;
}

/** Hands out names, each once: a name that is taken gets a number. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The number to try next; without it, many equal names would take the square of their number. */
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
