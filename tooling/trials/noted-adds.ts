import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionEvent, NodeExecutor } from "@waymark/core";

/** The executor and the listener of a trial's workflow. They note each run of a node and each commit in the journal. */
export function notedAdds({ journal, nodeMs }: { journal: string; nodeMs: number }): {
  executors: { add: NodeExecutor };
  onEvent: (event: ExecutionEvent) => void;
} {
  const note = (line: string) => appendFileSync(journal, `${line}\n`);
  return {
    executors: {
      add: async ({ context, node, executionId, attempt, idempotencyKey }) => {
        note(`run ${executionId} ${node.id} ${attempt} ${idempotencyKey}`);
        await sleep(Math.random() * nodeMs);
        const visited = (context.visited as string[] | undefined) ?? [];
        return { ...context, count: Number(context.count) + 1, visited: [...visited, node.id] };
      },
    },
    onEvent: (event) => {
      if (event.type === "node.completed") note(`ack ${event.executionId} ${event.nodeId} ${event.attempt}`);
    },
  };
}
