import { defineNode, NonRetryableError } from "@waymark/core";
import * as z from "zod";
import { messageOf } from "../values/message-of.ts";
import { evaluate, evaluateEach } from "./expression.ts";
import { requestSchema, sendRequest } from "./http-request.ts";

const schema = z
  .object({
    /** A JSONata expression for the list. A single value counts as a list of one, no value as an empty list. */
    items: z.string().min(1),
    /** A JSONata expression that is evaluated on each item, with `$index` and `$context`. */
    each: z.string().min(1).optional(),
    /** Or a request per item. Its templates see the item, `$index` and `$context`. */
    request: requestSchema.optional(),
    /** The maximum number of requests at a time. */
    concurrency: z.int().min(1).max(32).default(1),
    /** Default: the node's id. */
    as: z.string().optional(),
  })
  .refine(({ each, request }) => (each === undefined) !== (request === undefined), {
    error: 'needs either "each" or "request"',
  });

/** Evaluates an expression or sends a request for every item of a list. The results keep the list's order. */
export const createIterate = (options: { baseUrl: string | undefined }) =>
  defineNode({
    type: "iterate",
    data: schema,
    run: async (args) => {
      const { context, data, node } = args;
      const items = toList(await evaluate(data.items, context, { signal: args.signal }));
      if (data.each !== undefined) {
        const results = await evaluateEach(data.each, items, { bindings: { context }, signal: args.signal });
        return { ...context, [data.as ?? node.id]: results };
      }
      const request = data.request as z.output<typeof requestSchema>;
      const results = await mapInOrder(items, data.concurrency, async (item, index) => {
        args.signal?.throwIfAborted();
        const bindings = { index, context };
        // Each item has its own key, the same in every attempt, so that no request is carried out twice.
        const sent = { request, baseUrl: options.baseUrl, input: item, bindings, keySuffix: `-${index}` };
        return (await sendRequest(args, sent)).body ?? null;
      });
      return { ...context, [data.as ?? node.id]: results };
    },
  });

function toList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

async function mapInOrder(
  items: readonly unknown[],
  concurrency: number,
  work: (item: unknown, index: number) => Promise<unknown>,
): Promise<unknown[]> {
  const results = new Array<unknown>(items.length);
  let next = 0;
  let failure: { index: number; error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && failure === undefined) {
      const index = next++;
      try {
        results[index] = await work(items[index], index);
      } catch (error) {
        failure ??= { index, error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  if (failure !== undefined) throw namedAfterItem(failure);
  return results;
}

/** Adds the item's number to an error's message. The error itself stays, because its type decides about retries. */
function namedAfterItem({ index, error }: { index: number; error: unknown }): unknown {
  if (!(error instanceof Error)) return new NonRetryableError(`Item ${index}: ${messageOf(error)}`);
  if (error.name !== "AbortError") error.message = `Item ${index}: ${error.message}`;
  return error;
}
