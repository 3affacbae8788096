/** Makes this process's wall clock jump: `Date` is ahead or behind by the offset that was set last. */
export class JumpingDate implements Disposable {
  readonly #right = globalThis.Date;
  #offsetMs = 0;
  jumps = 0;

  constructor() {
    const right = this.#right;
    const now = () => right.now() + this.#offsetMs;
    // A proxy, not a subclass, so that `instanceof Date` still works for dates that drivers make or have made.
    globalThis.Date = new Proxy(right, {
      get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
      apply: () => new right(now()).toString(),
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    });
  }

  /** Sets the offset of the clock from the right time, in milliseconds. */
  jumpTo(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.jumps += 1;
  }

  [Symbol.dispose](): void {
    globalThis.Date = this.#right;
  }
}
