import {
  type CheckpointStore,
  createWorkflowEngine,
  type Delivered,
  type Dispatcher,
  type NodeExecutor,
  type ScheduleTick,
} from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";

export const logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };

/** A queue in memory that delivers at once, and can lose everything or be away. */
export class QuickQueue implements Dispatcher {
  handler: ((executionId: string) => Promise<Delivered>) | undefined;
  isAway = false;
  loses = false;
  readonly again: number[] = [];
  readonly onTick = new Map<string, (tick: ScheduleTick) => Promise<void>>();

  async enqueue(executionId: string): Promise<void> {
    if (this.isAway) throw new Error("away");
    if (!this.loses) queueMicrotask(() => void this.deliver(executionId));
  }

  async deliver(executionId: string): Promise<void> {
    const { againInMs } = (await this.handler?.(executionId)) ?? {};
    if (againInMs === undefined) return;
    this.again.push(againInMs);
    setTimeout(() => void this.deliver(executionId), againInMs);
  }

  async work(handler: (executionId: string) => Promise<Delivered>, { signal }: { signal: AbortSignal }): Promise<void> {
    if (this.isAway) throw new Error("away");
    this.handler = handler;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.handler = undefined;
  }

  async schedule(id: string, _cron: string, _options: object, onTick: (tick: ScheduleTick) => Promise<void>) {
    this.onTick.set(id, onTick);
  }

  async unschedule(id: string): Promise<boolean> {
    return this.onTick.delete(id);
  }

  async schedules() {
    return [...this.onTick.keys()].map((id) => ({ id, cron: "* * * * *", timeZone: "UTC" }));
  }

  async close(): Promise<void> {}
}

/** An engine with a workflow of one node. */
export function opened(
  dispatcher?: Dispatcher,
  executor: NodeExecutor = ({ context }) => context,
  given?: CheckpointStore,
) {
  const store = given ?? new MemoryCheckpointStore();
  const engine = createWorkflowEngine({
    store,
    ...(dispatcher === undefined ? {} : { dispatcher }),
    workflows: [{ id: "w", nodes: [{ id: "a" }], edges: [] }],
    executors: { default: executor },
    logger,
  });
  const isCompleted = async (id: string) => (await store.getExecution(id))?.status === "completed";
  return { store, engine, isCompleted };
}
