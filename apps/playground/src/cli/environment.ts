import { WorkflowError } from "@waymark/core";
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
 * - llm nodes always go through the services, which count them; these pass the questions on to the Messages API if
 *   `ANTHROPIC_API_KEY` is set, and answer in its place if not.
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

/** The address may hold a secret, so that no message repeats it. */
function readAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    const message = "ANTHROPIC_BASE_URL is not an HTTP address without a user and a password.";
    throw new WorkflowError("INVALID_ARGUMENT", message);
  }
  return url;
}
