import { listed } from "@waymark/core/store";

/** Collects what an import could not keep, to say it in a few sentences. */
export class Dropped {
  readonly #names = new Map<string, Set<string>>();
  readonly #sentences = new Set<string>();

  /** Notes that `what` is true of the node or edge `name`. */
  add(what: string, name: string): void {
    const names = this.#names.get(what);
    if (names === undefined) this.#names.set(what, new Set([name]));
    else names.add(name);
  }

  /** Notes a whole sentence; each counts once. */
  say(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** One sentence for each thing that was noted, with the first ten names that it is true of. */
  toList(): string[] {
    const lists = [...this.#names].map(([what, names]) => `${what}: ${listed([...names])}`);
    return [...lists, ...this.#sentences];
  }
}
