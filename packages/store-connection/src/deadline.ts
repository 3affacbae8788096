/**
 * Settles as `work` does. If that takes longer than `ms`, rejects with what `tooLate` returns.
 *
 * - The work itself is not ended.
 */
export function within<T>(work: Promise<T>, ms: number, tooLate: () => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), Math.max(1, ms));
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** Waits up to `ms` for `work`, and returns whether it has succeeded by then. Never rejects. */
export function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return within(work, ms, () => undefined).then(
    () => true,
    () => false,
  );
}
