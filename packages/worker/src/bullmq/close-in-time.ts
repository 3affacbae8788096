import type { IRedisClient } from "bullmq";
import { endsInTime } from "../ends-in-time.ts";

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
export async function closeInTime(opened: Opened, { isOwn, deliveries }: CloseOptions): Promise<void> {
  if (await endsInTime(opened.close(), deliveries)) return;
  const backend = opened.getBackend();
  backend.disconnectBlocking(false).catch(() => undefined);
  if (isOwn) backend.client.then((client) => client.disconnect()).catch(() => undefined);
}
