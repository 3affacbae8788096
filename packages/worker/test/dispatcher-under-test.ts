import type { Dispatcher } from "@waymark/core";

/** The place of a queue, as a process gets it in its arguments. */
export type QueuePlace =
  | { kind: "pg-boss"; url: string; schema: string }
  | { kind: "bullmq"; url: string; prefix: string };

/** Settings that some tests need. */
export interface QueueSettings {
  redeliverAfterMs?: number;
  tenantConcurrency?: number;
}

/** Opens a handle on a queue, as another process would have it. */
export async function openDispatcher(place: QueuePlace, settings: QueueSettings = {}): Promise<Required<Dispatcher>> {
  const onError = () => undefined;
  if (place.kind === "bullmq") {
    const { bullmqDispatcher } = await import("../src/bullmq/index.ts");
    const { tenantConcurrency: _, ...known } = settings;
    return bullmqDispatcher({ connection: { url: place.url }, prefix: place.prefix, onError, ...known });
  }
  const { pgBossDispatcher } = await import("../src/pg-boss/index.ts");
  return pgBossDispatcher({ url: place.url, schema: place.schema, onError, ...settings });
}
