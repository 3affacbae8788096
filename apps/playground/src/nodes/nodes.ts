import type { NodeExecutor } from "@waymark/core";
import { approval } from "./approval.ts";
import { createHttpRequest } from "./http-request.ts";
import { ifNode } from "./if.ts";
import { createIterate } from "./iterate.ts";
import { createLlm, type LlmService } from "./llm.ts";
import { merge } from "./merge.ts";
import { switchNode } from "./switch.ts";
import { transform } from "./transform.ts";
import { wait } from "./wait.ts";

/** Executors by node type. */
export type ExecutorTable = Record<string, NodeExecutor>;

/** The services that the nodes use. */
export interface NodeEnvironment {
  /** The base of relative URLs. */
  baseUrl?: string;
  llm: LlmService;
}

/** The playground's own node types. */
export function createNodes({ baseUrl, llm }: NodeEnvironment): ExecutorTable {
  const nodes = [
    createHttpRequest({ baseUrl }),
    transform,
    ifNode,
    switchNode,
    merge,
    createIterate({ baseUrl }),
    wait,
    approval,
    createLlm(llm),
  ];
  return Object.fromEntries(nodes.map((node) => [node.type, node as unknown as NodeExecutor]));
}
