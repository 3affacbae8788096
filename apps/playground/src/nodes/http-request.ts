import { defineNode, type NodeExecutorArgs, NonRetryableError } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";
import * as z from "zod";
import { type EvaluateOptions, render, renderDeep } from "./expression.ts";
import { type HttpAnswer, httpCall } from "./http-call.ts";

/** The data of a request. Every text may contain `{{ expressions }}`. */
export const requestSchema = z.object({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  /** An absolute address, or a path on the playground's services. */
  url: z.string().min(1),
  query: z.record(z.string(), z.unknown()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  timeoutMs: z.number().positive().default(10_000),
  accept: z.array(z.int()).optional(),
});

const schema = requestSchema.extend({
  /** The context key for the answer. Default: the node's id. */
  as: z.string().optional(),
  /** Keeps `{ status, body }` instead of only the body. */
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

/** Fills a request's templates and sends it. `keySuffix` distinguishes several requests of one node. */
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

/** Makes an absolute address. A text without a scheme is a path below `baseUrl`, which may have a path itself. */
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
    // The address as in the file, because the inserted values may be secret.
    throw new NonRetryableError(`${quoted(cleanText(request.url))} is not an HTTP address.`);
  }
  const query = (await renderDeep(request.query ?? {}, input, evaluation)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url;
}
