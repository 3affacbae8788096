import { listed } from "@waymark/core/store";

/** Collects what an import could not keep, and reports it in a few sentences. */
export class Dropped {
  readonly #names = new Map<string, Set<string>>();
  readonly #sentences = new Set<string>();

  /** Notes that `what` applies to the node or edge `name`. */
  add(what: string, name: string): void {
    const names = this.#names.get(what);
    if (names === undefined) this.#names.set(what, new Set([name]));
    else names.add(name);
  }

  /** Notes a whole sentence. The same sentence counts once. */
  say(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** Returns one sentence per note, with up to ten names. */
  toList(): string[] {
    const lists = [...this.#names].map(([what, names]) => `${what}: ${listed([...names])}`);
    return [...lists, ...this.#sentences];
  }
}
