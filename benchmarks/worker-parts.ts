import { createWorkflowEngine, type Dispatcher, type ExecutionEvent } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { bullmqDispatcher } from "@waymark/worker/bullmq";
import { pgBossDispatcher } from "@waymark/worker/pg-boss";

/** The queues that are measured; `none`: the workers look into the store. */
export const QUEUES = ["pg-boss", "bullmq", "none"] as const;
export type QueueName = (typeof QUEUES)[number];

/** Where the servers are, as a process gets it in its arguments. */
export interface Place {
  queue: QueueName;
  postgres: string;
  redis: string;
  /** The name of the queue and of the store's schema. */
  name: string;
}

export function openQueue({ queue, postgres, redis, name }: Place): Dispatcher | undefined {
  if (queue === "pg-boss") return pgBossDispatcher({ url: postgres, queue: name });
  return queue === "bullmq" ? bullmqDispatcher({ connection: { url: redis }, queue: name }) : undefined;
}

/** Opens an engine whose nodes do nothing. */
export async function openEngine(
  place: Place,
  dispatcher: Dispatcher | undefined,
  onEvent?: (event: ExecutionEvent) => void,
) {
  const store = await PostgresCheckpointStore.connect({ url: place.postgres, schema: place.name, poolSize: 8 });
  const ids = ["a", "b", "c", "d", "e", "f"];
  const engine = createWorkflowEngine({
    store,
    ...(dispatcher === undefined ? {} : { dispatcher }),
    ...(onEvent === undefined ? {} : { onEvent }),
    workflows: [
      {
        id: "empty",
        nodes: ids.map((id) => ({ id })),
        edges: ids.slice(1).map((target, index) => ({ source: ids[index] as string, target })),
      },
    ],
    executors: { default: ({ context }) => context },
  });
  return { store, engine };
}
