import { createNodes, type ExecutorTable } from "../nodes/nodes.ts";
import { type ServiceServer, startServiceServer } from "../server/service-server.ts";

/** What the playground runs workflows in. */
export interface PlaygroundEnvironment extends AsyncDisposable {
  services: ServiceServer;
  /** The playground's own nodes, wired to the services. */
  nodes: ExecutorTable;
  /** Who answers llm nodes, in words. */
  llm: string;
  /** The model they ask. */
  model: string;
}

const DEFAULT_MODEL = "claude-haiku-4-5";

/**
 * Starts the services and wires the nodes to them.
 *
 * - llm nodes always go through the services, which count them; these pass the questions on to the Messages API where
 *   `ANTHROPIC_API_KEY` is set, and answer in its place where not.
 */
export async function startEnvironment(env: NodeJS.ProcessEnv): Promise<PlaygroundEnvironment> {
  const apiKey = env.ANTHROPIC_API_KEY || undefined;
  const upstream = env.ANTHROPIC_BASE_URL || "https://api.anthropic.com";
  const model = env.ANTHROPIC_MODEL || DEFAULT_MODEL;
  const services = await startServiceServer(apiKey === undefined ? {} : { llm: { baseUrl: upstream, apiKey } });
  return {
    services,
    nodes: createNodes({ baseUrl: services.url, llm: { baseUrl: services.url, model } }),
    model,
    llm: apiKey === undefined ? "stand-in on loopback" : `${new URL(upstream).host}, ${model}`,
    [Symbol.asyncDispose]: () => services.close(),
  };
}
