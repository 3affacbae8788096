import { checker } from "../checker.ts";
import { anything, filter, optional, text } from "../option.ts";
import { id } from "../state/id-option.ts";
import { executionIdOf } from "../state/token-owner.ts";
import { readAnswer, tokenRefused } from "./answers.ts";
import type { EngineParts } from "./engine-parts.ts";
import { giveAnswer } from "./give-answer.ts";
import type { AnswerWaitOptions } from "./run-options.ts";

const checkAnswerOptions = checker<AnswerWaitOptions>("answerWait", {
  waitToken: text,
  data: optional(anything),
  userId: filter(id),
});

/**
 * Keeps an answer and makes its execution due; runs nothing.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, NOT_WAITING, STATE_NOT_SERIALIZABLE, and as `giveAnswer`
 */
export async function answerWait(parts: EngineParts, given: AnswerWaitOptions): Promise<void> {
  const { waitToken, userId, data: live } = checkAnswerOptions(given);
  const executionId = executionIdOf(waitToken);
  if (executionId === undefined) throw tokenRefused();
  const { data } = readAnswer(parts.surroundings, live);
  const head = await giveAnswer(parts, { executionId, userId, waitToken, data });
  if (head?.parentId !== undefined) await (await parts.children()).wakeAncestors(head);
}
