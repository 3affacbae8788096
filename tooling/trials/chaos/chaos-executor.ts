import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeExecutor, NonRetryableError, patch, route, suspend } from "@waymark/core";
import { HANDLES } from "../random-edges.ts";
import { addInputs, childNumber, GIVEN } from "./chaos-children.ts";
import { AGAIN } from "./chaos-loops.ts";
import { addsAnswer, answerValue } from "./chaos-model.ts";
import type { ChaosNode } from "./chaos-workflow.ts";
import type { Effect } from "./effects-server.ts";

/** What an answer holds: the number of the wait that it is meant for, and its value. */
export interface ChaosAnswer {
  wait: number;
  value: number;
}

/** The executor of every node of a chaos trial. It reports what it does to the effects server at this address. */
export function chaosExecutor(effectsUrl: string): NodeExecutor {
  const agent = new Agent({ keepAlive: true });
  const tell = (effect: Effect) => post(effectsUrl, agent, effect);
  return async ({
    context,
    node,
    data,
    executionId,
    workflowId,
    visit,
    attempt,
    idempotencyKey,
    waitToken,
    resume,
  }) => {
    const { takesMs, failures, failsFor, failsForGood, waits, handles, patches, kills, rounds } = data as ChaosNode;
    const nodeId = node.id;
    const complain = (message: string) => tell({ what: "violation", executionId, message: `${nodeId}: ${message}` });
    const [begunKey, sumKey] = [`${nodeId}.waits`, `${nodeId}.sum`];
    // A fork begins a node anew that waited at its point, with the context that was kept for the wait.
    const isFork = executionId !== workflowId && childNumber(workflowId) === undefined;
    const isAnew = isFork && resume === undefined;
    const begun = isAnew ? 0 : Number(context[begunKey] ?? 0);
    let sum = isAnew ? 0 : Number(context[sumKey] ?? 0);
    await tell({ what: "run", executionId, nodeId, visit, attempt, wait: begun });
    if (kills) process.kill(process.pid, "SIGKILL");
    if (begun > 0) {
      const wait = waits[begun - 1];
      const answer = resume?.data as ChaosAnswer | undefined;
      if (resume === undefined) await complain(`runs after wait ${begun - 1} without its answer`);
      else if (resume.timedOut && wait?.forMs === undefined) await complain("timed out without a time");
      else if (!resume.timedOut && wait?.isAnswered !== true) await complain("has an answer that nobody gave");
      else if (!resume.timedOut && answer?.wait !== begun - 1) {
        await complain(`has the answer ${JSON.stringify(answer)} to wait ${begun - 1}`);
      }
      if (wait !== undefined && addsAnswer(wait)) sum += answer?.value ?? Number.NaN;
    }
    await sleep(takesMs / 2);
    if (failsForGood === "not retryable") throw new NonRetryableError("not again");
    if (failsFor !== undefined && context[GIVEN] === failsFor) throw new NonRetryableError("not for this item");
    if (attempt <= failures || failsForGood !== undefined) throw new Error(`no luck in attempt ${attempt}`);
    const kept = (changes: Record<string, number>) => (patches ? patch(changes) : { ...context, ...changes });
    const next = waits[begun];
    if (next !== undefined) {
      if (next.isAnswered) await tell({ what: "ask", executionId, workflowId, nodeId, wait: begun, waitToken });
      const { forMs } = next;
      return suspend({
        reason: `wait ${begun}`,
        payload: { wait: begun },
        context: kept({ [begunKey]: begun + 1, [sumKey]: sum }),
        ...(forMs === undefined ? {} : { forMs }),
      });
    }
    const value = addInputs(data as ChaosNode, context) + sum;
    await tell({ what: "effect", executionId, nodeId, visit, key: idempotencyKey, value });
    await sleep(takesMs / 2);
    const result = kept({ [nodeId]: value });
    if (rounds !== undefined) return route(result, visit < rounds ? AGAIN : [...(handles ?? HANDLES)]);
    return handles === undefined ? result : route(result, handles);
  };
}

/** The answer that a node gets for its wait. */
export function chaosAnswer(node: ChaosNode, wait: number): ChaosAnswer {
  return { wait, value: answerValue(node, wait) };
}

/** Sends an effect, and waits for its receipt. */
function post(url: string, agent: Agent, effect: Effect): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: "POST" }, (response) => {
      response.resume().on("end", () => {
        if (response.statusCode === 204) resolve();
        else reject(new Error(`The effects server answered ${response.statusCode}.`));
      });
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(effect));
  });
}
