import type { IRedisClient } from "bullmq";

/** The longest that a connection is waited for, in milliseconds. */
const CLOSE_MS = 5_000;

/** What BullMQ has opened: a queue, or a worker, which has a second connection. */
interface Opened {
  close(): Promise<void>;
  getBackend(): { client: Promise<IRedisClient>; disconnectBlocking(wait: boolean): Promise<void> };
}

interface CloseOptions {
  /** True if BullMQ has made the connection, and not the user. */
  isOwn: boolean;
  /** The deliveries in flight, for which a worker waits as long as they take. */
  deliveries?: ReadonlySet<Promise<unknown>>;
}

/**
 * Closes a queue or a worker of BullMQ. Without a Redis that answers, BullMQ would wait until one is back: after some seconds
 * the connections are cut.
 */
export async function closeInTime(
  opened: Opened,
  { isOwn, deliveries = new Set<Promise<unknown>>() }: CloseOptions,
): Promise<void> {
  let isClosed = false;
  const closed = opened.close().then(() => {
    isClosed = true;
  });
  do {
    while (deliveries.size > 0 && !isClosed) await Promise.race([closed, Promise.allSettled(deliveries)]);
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([closed, timeUp]).finally(() => clearTimeout(timer));
  } while (!isClosed && deliveries.size > 0);
  if (isClosed) return;
  // What still waits for an answer rejects now, and nobody waits for that any more.
  closed.catch(() => undefined);
  const backend = opened.getBackend();
  backend.disconnectBlocking(false).catch(() => undefined);
  if (isOwn) backend.client.then((client) => client.disconnect()).catch(() => undefined);
}
