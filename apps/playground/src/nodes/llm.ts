import { defineNode } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";
import * as z from "zod";
import { render } from "./expression.ts";
import { httpCall } from "./http-call.ts";

const schema = z.object({
  prompt: z.string().min(1),
  system: z.string().optional(),
  /** Default: the environment's model. */
  model: z.string().optional(),
  maxTokens: z.int().positive().default(512),
  /** The allowed answers. The model is asked for one of them, and any other answer fails the attempt. */
  labels: z.array(z.string().min(1)).min(2).optional(),
  timeoutMs: z.number().positive().default(60_000),
  /** Default: the node's id. */
  as: z.string().optional(),
});

const answerSchema = z.object({
  model: z.string(),
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }),
});

/** The address of the Messages API. */
export interface LlmService {
  /** The address without `/v1/messages`. */
  baseUrl: string;
  apiKey?: string | undefined;
  model: string;
}

/** Asks a language model through Anthropic's Messages API, or a service with the same protocol. */
export const createLlm = (service: LlmService) =>
  defineNode({
    type: "llm",
    data: schema,
    run: async ({ context, data, node, signal, idempotencyKey }) => {
      const prompt = String(await render(data.prompt, context, { signal }));
      const system = await systemPrompt(data, context, signal);
      const answer = await httpCall({
        method: "POST",
        url: new URL(`${service.baseUrl.replace(/\/$/, "")}/v1/messages`),
        headers: {
          "anthropic-version": "2023-06-01",
          ...(service.apiKey === undefined ? {} : { "x-api-key": service.apiKey }),
        },
        body: {
          model: data.model ?? service.model,
          max_tokens: data.maxTokens,
          ...(system === "" ? {} : { system }),
          messages: [{ role: "user", content: prompt }],
        },
        timeoutMs: data.timeoutMs,
        idempotencyKey,
        nodeId: node.id,
        signal,
      });
      return { ...context, [data.as ?? node.id]: readAnswer(answer.body, data.labels) };
    },
  });

async function systemPrompt(
  data: z.output<typeof schema>,
  context: unknown,
  signal: AbortSignal | undefined,
): Promise<string> {
  const system = data.system === undefined ? "" : String(await render(data.system, context, { signal }));
  if (data.labels === undefined) return system;
  return `${system}\nAnswer with exactly one of: ${data.labels.join(", ")}.`.trim();
}

function readAnswer(body: unknown, labels: readonly string[] | undefined) {
  const answer = answerSchema.safeParse(body);
  if (!answer.success) throw new Error(`The model's answer has another shape: ${z.prettifyError(answer.error)}`);
  const { content, model, usage } = answer.data;
  const text = content.map((part) => part.text ?? "").join("");
  const tokens = { input: usage.input_tokens, output: usage.output_tokens };
  if (labels === undefined) return { text, model, tokens };
  const label = labels.find((one) => one.toLowerCase() === text.trim().replace(/[."']/g, "").toLowerCase());
  if (label === undefined)
    throw new Error(
      `The model answered ${quoted(text, 80)}, which is not one of ${cleanText(labels.join(", "), 200)}.`,
    );
  return { text, label, model, tokens };
}
