import { isWorkflowError } from "@waymark/core";
import type { InspectedEngine } from "./inspector-options.ts";
import { INTERNAL, problemOf } from "./problem.ts";
import type { Views } from "./views.ts";

/** A stream ends after this time, in milliseconds. The page opens the next one, which is authorized anew. */
const MOST_MS = 120_000;
const HEARTBEAT_MS = 15_000;

/** Sends an event of a stream. */
export type SendEvent = (event: string, data: unknown) => void;

/** What a stream works with. */
interface StreamParts {
  engine: Pick<InspectedEngine, "watchExecution">;
  views: Views;
  onError: (error: unknown) => unknown;
}

/**
 * Makes a stream of server-sent events: `execution` for every change, `end` once there will be no more, `problem` if it
 * cannot be watched.
 */
export function watchStream(
  { engine, views, onError }: StreamParts,
  executionId: string,
  closed: AbortSignal,
): Response {
  return eventStream({ closed, onError }, async (send, signal) => {
    let hasEnded = false;
    for await (const { checkpoints, ...execution } of engine.watchExecution({ executionId, signal })) {
      send("execution", { execution: views.execution(execution), newRecords: checkpoints.length });
      hasEnded = execution.endedAt !== undefined;
    }
    return hasEnded || !signal.aborted;
  });
}

/**
 * Makes a stream of server-sent events. `produce` sends them until its signal aborts, and says if there will be no more;
 * then the stream ends with `end`. An error ends it with `problem`.
 */
export function eventStream(
  { closed, onError }: { closed: AbortSignal; onError: (error: unknown) => unknown },
  produce: (send: SendEvent, signal: AbortSignal) => Promise<boolean>,
): Response {
  const ending = new AbortController();
  const end = () => ending.abort();
  closed.addEventListener("abort", end, { once: true });
  const text = new TextEncoder();
  let timers: ReturnType<typeof setTimeout>[] = [];
  /** Nobody listens any more; what is still produced goes nowhere. */
  let hasStopped = false;
  const stop = () => {
    hasStopped = true;
    end();
    for (const timer of timers) clearTimeout(timer);
    timers = [];
    closed.removeEventListener("abort", end);
  };
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send: SendEvent = (event, data) => {
        if (hasStopped) return;
        controller.enqueue(text.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
      };
      timers = [
        setTimeout(end, MOST_MS),
        setInterval(() => controller.enqueue(text.encode(": still here\n\n")), HEARTBEAT_MS),
      ];
      try {
        if (await produce(send, ending.signal)) send("end", {});
      } catch (error) {
        if (!isWorkflowError(error)) onError(error);
        const { code, message } = problemOf(error) ?? INTERNAL;
        send("problem", { code, message });
      } finally {
        stop();
        try {
          controller.close();
        } catch {
          // The client has closed it.
        }
      }
    },
    cancel: stop,
  });
  return new Response(stream, {
    // A server or proxy that compressed the stream would hold its events back.
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    },
  });
}
