/** Lets the calls of one process that have the same id be decided one after the other. */
export class TurnsOfIds {
  readonly #taken = new Map<string, Promise<void>>();

  /** Waits until no other call has the turn of an id, and takes it. The returned function ends the turn. */
  async take(id: string): Promise<() => void> {
    for (let taken = this.#taken.get(id); taken !== undefined; taken = this.#taken.get(id)) await taken;
    let resolve = (): void => undefined;
    const turn = new Promise<void>((ended) => {
      resolve = ended;
    });
    this.#taken.set(id, turn);
    return () => {
      if (this.#taken.get(id) === turn) this.#taken.delete(id);
      resolve();
    };
  }
}
