import { isWorkflowError } from "@waymark/core";

/** Returns the code and details of a call's error, or `undefined` if it succeeds. */
export async function faultOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isWorkflowError(error) ? { code: error.code, ...error.details } : error;
}

/** The fault of a store that cannot be used. */
export function unavailable(details: { reason: string; serverCode?: string }): object {
  return { code: "STORE_UNAVAILABLE", ...details };
}

/** For what comes about by itself; it must hold on a machine that is busy with other things. */
export const IN_TIME = { timeout: 60_000 } as const;
