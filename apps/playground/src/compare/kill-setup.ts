import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { KillOptions } from "../kill/kill-options.ts";
import type { CompareOptions, KillSetup } from "./compare-options.ts";
import { DEFAULT_USER_ID } from "./executors.ts";
import type { NodeRun } from "./node-recorder.ts";

/** Returns the options for killing processes at a node. `nodeRuns` are those of an undisturbed run of V2. */
export function killOptions(
  { loaded, nodeRuns, options }: { loaded: LoadedWorkflow; nodeRuns: readonly NodeRun[]; options: CompareOptions },
  { nodeId, setup }: { nodeId: string; setup: KillSetup },
): KillOptions {
  const { services, onProgress = () => undefined, runLimitMs } = options;
  const { workflow, children, startAt, format, input } = loaded;
  const { modules, model, store } = setup;
  const userId = options.userId ?? DEFAULT_USER_ID;
  const task = {
    loaded: { workflow, children, format, input, ...(startAt === undefined ? {} : { startAt }) },
    services: { url: services.url, model },
    modules,
    userId,
    runLimitMs,
  };
  const sendsRequests = nodeRuns.some((run) => run.nodeId === nodeId && run.hasCalled);
  return {
    services,
    task,
    v2: { store, contextMode: options.v2.contextMode },
    stopAt: { nodeId, sendsRequests },
    onProgress,
  };
}
