import { randomUUID } from "node:crypto";
import type { Queue } from "bullmq";

const COMMAND = "waymark-mark";
/** Returns the mark of a queue, and makes it if there is none. */
const MARK = "redis.call('SET', KEYS[1], ARGV[1], 'NX') return redis.call('GET', KEYS[1])";

/**
 * Adds the schedules of this process again if Redis has lost everything: a flushed one, or one that was restarted without
 * its data.
 *
 * - A mark in Redis tells a loss from a schedule that another process has removed.
 */
export class KeptSchedules {
  readonly #adds = new Map<string, () => Promise<unknown>>();
  #mark: string | undefined;

  /** Keeps a schedule that was added. */
  async keep(queue: Queue, id: string, add: () => Promise<unknown>): Promise<void> {
    this.#adds.set(id, add);
    this.#mark ??= await markOf(queue);
  }

  forget(id: string): void {
    this.#adds.delete(id);
  }

  /** Adds them again if they were lost, and forgets those that another process has removed. */
  async restore(queue: Queue): Promise<void> {
    if (this.#adds.size === 0) return;
    const known = [...this.#adds];
    const mark = await markOf(queue);
    if (mark === this.#mark) {
      const listed = new Set((await queue.getJobSchedulers(0, -1)).map(({ key }) => key));
      for (const [id, add] of known) if (!listed.has(id) && this.#adds.get(id) === add) this.#adds.delete(id);
      return;
    }
    for (const [, add] of known) await add();
    this.#mark = mark;
  }
}

async function markOf(queue: Queue): Promise<string> {
  const client = await queue.getBackend().client;
  client.defineCommand(COMMAND, { numberOfKeys: 1, lua: MARK });
  return (await client.runCommand(COMMAND, [queue.toKey("waymark-schedules"), randomUUID()])) as string;
}
