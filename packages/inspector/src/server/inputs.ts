import * as z from "zod/mini";

/*
 * What the page may send. Ids are parameters, never parts of a path: one may be "..", or have any character.
 */

const id = z.string().check(z.minLength(1), z.maxLength(512));
const time = z
  .string()
  .check(z.maxLength(40), z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/, "must be a time in ISO 8601"));
const whole = z.string().check(z.regex(/^\d{1,15}$/, "must be a whole number"));
const statuses = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;

export const listInput = z.strictObject({
  status: z.optional(
    z.string().check(z.regex(new RegExp(`^(${statuses.join("|")})(,(${statuses.join("|")}))*$`), "must be statuses")),
  ),
  workflowId: z.optional(id),
  userId: z.optional(id),
  parentId: z.optional(id),
  createdAfter: z.optional(time),
  createdBefore: z.optional(time),
  endedAfter: z.optional(time),
  cursor: z.optional(z.string().check(z.maxLength(4_000))),
  limit: z.optional(whole),
});

export const executionInput = z.strictObject({ id });
/** `after` leaves out the records that the page has already. */
export const recordsInput = z.strictObject({ id, before: z.optional(whole), after: z.optional(whole) });
export const changeInput = z.strictObject({ id, seq: whole });
export const valueInput = z.strictObject({
  id,
  seq: whole,
  side: z.enum(["before", "after"]),
  /** A path in the tree of the codec's text, as JSON. */
  path: z.string().check(z.maxLength(20_000)),
  download: z.optional(z.literal("1")),
});
export const pathInput = z.array(z.union([z.string(), z.number()])).check(z.maxLength(1_000));

const text = z.string().check(z.maxLength(1_000_000));
const definition = z.enum(["original", "current"]);

export const resumeInput = z.strictObject({ id, definition });
export const cancelInput = z.strictObject({ id, reason: z.optional(z.string().check(z.maxLength(1_000))) });
export const deleteInput = z.strictObject({ id });
export const answerInput = z.strictObject({ id, nodeId: id, visit: z.number(), since: z.string(), data: text });
export const forkInput = z.strictObject({
  id,
  /** The record of the node, before which the fork begins. */
  seq: z.number(),
  definition,
  /** The context, as edited. Default: the one that the node was given. */
  context: z.optional(text),
});
