/**
 * Runs `work` while the caller's clock (`Date`) is wrong by `offsetMs` milliseconds.
 *
 * - This must not affect a store: its clock is the database's, or one that callers cannot change.
 */
export async function withWrongClock<T>(offsetMs: number, work: () => Promise<T>): Promise<T> {
  const right = globalThis.Date;
  const now = () => right.now() + offsetMs;
  // A proxy, not a subclass, so that `instanceof Date` still works for dates that drivers make or have made.
  globalThis.Date = new Proxy(right, {
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
    apply: () => new right(now()).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  });
  try {
    return await work();
  } finally {
    globalThis.Date = right;
  }
}
