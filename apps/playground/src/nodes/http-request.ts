import { defineNode, type NodeExecutorArgs, NonRetryableError } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";
import * as z from "zod";
import { type EvaluateOptions, render, renderDeep } from "./expression.ts";
import { type HttpAnswer, httpCall } from "./http-call.ts";

/** What a request is made from; every text may hold `{{ expressions }}`. */
export const requestSchema = z.object({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  /** Absolute, or a path on the service the nodes were made with. */
  url: z.string().min(1),
  query: z.record(z.string(), z.unknown()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  timeoutMs: z.number().positive().default(10_000),
  accept: z.array(z.int()).optional(),
});

const schema = requestSchema.extend({
  /** The context key that the answer is kept under. Default: the node's id. */
  as: z.string().optional(),
  /** Keep `{ status, body }` instead of the body alone. */
  full: z.boolean().default(false),
});

/** Calls an HTTP service. */
export const createHttpRequest = (options: { baseUrl: string | undefined }) =>
  defineNode({
    type: "http-request",
    data: schema,
    run: async (args) => {
      const { context, data, node } = args;
      const answer = await sendRequest(args, { request: data, baseUrl: options.baseUrl, input: context });
      return { ...context, [data.as ?? node.id]: data.full ? answer : (answer.body ?? null) };
    },
  });

/** Fills a request's templates and sends it; `keySuffix` tells several requests of one node apart. */
export async function sendRequest(
  args: Pick<NodeExecutorArgs, "node" | "idempotencyKey" | "signal">,
  options: {
    request: z.output<typeof requestSchema>;
    baseUrl: string | undefined;
    input: unknown;
    bindings?: Readonly<Record<string, unknown>>;
    keySuffix?: string;
  },
): Promise<HttpAnswer> {
  const { request, input, bindings, keySuffix = "" } = options;
  const { body, accept } = request;
  const evaluation = { bindings, signal: args.signal };
  const key = args.idempotencyKey as string | undefined;
  return httpCall({
    method: request.method,
    url: await requestUrl(request, { input, baseUrl: options.baseUrl, evaluation }),
    headers: (await renderDeep(request.headers ?? {}, input, evaluation)) as Record<string, string>,
    ...(body === undefined ? {} : { body: await renderDeep(body, input, evaluation) }),
    ...(accept === undefined ? {} : { accept }),
    timeoutMs: request.timeoutMs,
    idempotencyKey: key === undefined ? undefined : key + keySuffix,
    nodeId: args.node.id,
    signal: args.signal,
  });
}

/** Without a scheme it is a path of the service's, whose address may have a path of its own. */
function withBase(text: string, baseUrl: string | undefined): string {
  if (baseUrl === undefined || /^[a-z][a-z0-9+.-]*:/i.test(text)) return text;
  return `${baseUrl.replace(/\/$/, "")}/${text.replace(/^\//, "")}`;
}

async function requestUrl(
  request: z.output<typeof requestSchema>,
  options: { baseUrl: string | undefined; input: unknown; evaluation: EvaluateOptions },
): Promise<URL> {
  const { input, evaluation } = options;
  const text = String(await render(request.url, input, { ...evaluation, encode: encodeURIComponent }));
  const address = withBase(text, options.baseUrl);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // The address as the file has it: what was set in may be secret.
    throw new NonRetryableError(`${quoted(cleanText(request.url))} does not give an HTTP address.`);
  }
  const query = (await renderDeep(request.query ?? {}, input, evaluation)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url;
}
