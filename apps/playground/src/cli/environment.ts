import { WorkflowError } from "@waymark/core";
import { createNodes, type ExecutorTable } from "../nodes/nodes.ts";
import { type ServiceServer, startServiceServer } from "../server/service-server.ts";

/** The services and nodes with which the playground runs workflows. */
export interface PlaygroundEnvironment extends AsyncDisposable {
  services: ServiceServer;
  /** The playground's own nodes, connected to the services. */
  nodes: ExecutorTable;
  /** The source of the answers to llm nodes, in words. */
  llm: string;
  /** The model that llm nodes ask. */
  model: string;
}

const DEFAULT_MODEL = "claude-haiku-4-5";

/**
 * Starts the services and connects the nodes to them.
 *
 * - llm nodes always ask the services, which count the questions. If `ANTHROPIC_API_KEY` is set, the services send the
 *   questions to the Messages API. Otherwise they answer by themselves.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if `ANTHROPIC_BASE_URL` cannot be used
 */
export async function startEnvironment(env: NodeJS.ProcessEnv): Promise<PlaygroundEnvironment> {
  // A key that was read from a file often ends in a line break.
  const apiKey = env.ANTHROPIC_API_KEY?.trim() || undefined;
  const upstream = readAddress(env.ANTHROPIC_BASE_URL || "https://api.anthropic.com");
  const model = env.ANTHROPIC_MODEL || DEFAULT_MODEL;
  const services = await startServiceServer(apiKey === undefined ? {} : { llm: { baseUrl: upstream.href, apiKey } });
  return {
    services,
    nodes: createNodes({ baseUrl: services.url, llm: { baseUrl: services.url, model } }),
    model,
    llm: apiKey === undefined ? "stand-in on loopback" : `${upstream.host}, ${model}`,
    [Symbol.asyncDispose]: () => services.close(),
  };
}

/** Reads the address. It may hold a secret, so no message repeats it. */
function readAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    const message = "ANTHROPIC_BASE_URL must be an HTTP address without user and password.";
    throw new WorkflowError("INVALID_ARGUMENT", message);
  }
  return url;
}
