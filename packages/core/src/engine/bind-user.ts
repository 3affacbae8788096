import { messageOf, WorkflowError } from "../errors.ts";
import { setOwn } from "../state/set-own.ts";

/** Puts the user of a bound engine into the object that a member takes. */
export type BindCall = <Call>(member: string, call: Call) => Call;

/**
 * Binds calls to one user.
 *
 * - Reads the call once, and hands on a copy: what was checked is what the member sees.
 * - Anything but an object is passed as it is; the member refuses it.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if the call names another user
 */
export function bindUser(userId: string): BindCall {
  return (member, call) => {
    if (typeof call !== "object" || call === null || Array.isArray(call)) return call;
    const copy: { userId?: unknown } = copyOf(member, call);
    if ("userId" in copy && copy.userId !== userId) {
      throw new WorkflowError("INVALID_ARGUMENT", `${member}: userId: must be the one that forUser was called with.`);
    }
    return { ...copy, userId } as unknown as typeof call;
  };
}

/** Also what the call inherits, since options are read wherever they stand. */
function copyOf(member: string, call: object): object {
  try {
    const copy: Record<string, unknown> = {};
    for (const name in call) setOwn(copy, name, (call as Record<string, unknown>)[name]);
    return "userId" in call && !("userId" in copy) ? { ...copy, userId: call.userId } : copy;
  } catch (error) {
    throw new WorkflowError("INVALID_ARGUMENT", `${member}: an option cannot be read: ${messageOf(error)}.`);
  }
}
