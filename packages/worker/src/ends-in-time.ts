/** The longest that a queue is waited for once its last delivery has ended, in milliseconds. */
const WAIT_MS = 5_000;

/**
 * Waits for the end of work with a queue, and returns whether it has ended. A server that does not answer is waited for some
 * seconds only.
 *
 * - `deliveries`: those in flight, which are waited for as long as they take.
 * - Rejects if the work does so in that time.
 */
export async function endsInTime(
  work: Promise<unknown>,
  deliveries: ReadonlySet<Promise<unknown>> = new Set(),
): Promise<boolean> {
  let isOver = false;
  const over = work.then(() => {
    isOver = true;
  });
  do {
    while (deliveries.size > 0 && !isOver) await Promise.race([over, Promise.allSettled(deliveries)]);
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS);
    });
    await Promise.race([over, timeUp]).finally(() => clearTimeout(timer));
  } while (!isOver && deliveries.size > 0);
  // What still waits for an answer may reject, and nobody waits for that any more.
  if (!isOver) over.catch(() => undefined);
  return isOver;
}
