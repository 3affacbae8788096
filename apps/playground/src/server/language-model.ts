import { createHash } from "node:crypto";

/** The fields of a Messages API request that matter here. */
interface MessagesRequest {
  model?: string;
  system?: string;
  messages?: { role: string; content: string }[];
}

/**
 * Answers in the shape of Anthropic's Messages API without a model. The same question gets the same answer.
 *
 * - If the prompt asks for "exactly one of: a, b, c", it picks the label with the most words in common with the prompt.
 * - Otherwise it quotes the first sentence of the prompt's last paragraph.
 */
export function standInAnswer(request: MessagesRequest): Record<string, unknown> {
  const prompt = request.messages?.at(-1)?.content ?? "";
  const system = request.system ?? "";
  const labels = /exactly one of: ([^\n]+)\.\s*$/.exec(system)?.[1]?.split(", ");
  const text = labels === undefined ? replyTo(prompt) : pickLabel(labels, prompt);
  return {
    id: `msg_${createHash("sha256").update(`${system}\n${prompt}`).digest("hex").slice(0, 24)}`,
    type: "message",
    role: "assistant",
    model: request.model ?? "stand-in",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: countTokens(`${system} ${prompt}`), output_tokens: countTokens(text) },
  };
}

/** Words that indicate a label without resembling it. */
const SIGNS: Record<string, readonly string[]> = {
  billing: ["invoice", "charged", "refund", "payment", "card"],
  bug: ["error", "crash", "broken", "fails", "500"],
  urgent: ["immediately", "down", "outage", "today", "asap", "production"],
  positive: ["great", "thanks", "love"],
  negative: ["disappointed", "angry", "unacceptable"],
};

function pickLabel(labels: readonly string[], prompt: string): string {
  const words = prompt.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const score = (label: string) => {
    const signs = [label.toLowerCase(), ...(SIGNS[label.toLowerCase()] ?? [])];
    return words.filter((word) => signs.includes(word)).length;
  };
  return labels.reduce((best, label) => (score(label) > score(best) ? label : best));
}

function replyTo(prompt: string): string {
  const paragraph =
    prompt
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? "";
  const sentence = /^.*?[.!?](?=\s|$)/s.exec(paragraph)?.[0] ?? paragraph.slice(0, 120);
  return `Thank you for your message. You wrote: "${sentence.trim()}" We are on it and will be back with an answer today.`;
}

function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
