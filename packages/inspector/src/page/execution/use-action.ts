import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { ApiError } from "../answer.ts";
import { openSession } from "../api-client.ts";
import { say } from "../parts/toast.tsx";

/** A change of an execution that a person has asked for. */
export interface Action {
  isBusy: boolean;
  error: Error | undefined;
  /** Does it, and reads everything again. Returns its result; `undefined` if it has failed. */
  run: <T>(work: () => Promise<T>, done: string) => Promise<T | undefined>;
}

export function useAction(): Action {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const run = useCallback(
    async <T>(work: () => Promise<T>, done: string): Promise<T | undefined> => {
      setBusy(true);
      setError(undefined);
      try {
        const result = await work();
        say(done);
        return result;
      } catch (problem) {
        // The server may have been replaced, or the cookie is gone: the next try has a new proof.
        if (problem instanceof ApiError && problem.code === "TOKEN_MISSING") await openSession().catch(() => undefined);
        setError(problem as Error);
        return undefined;
      } finally {
        setBusy(false);
        void client.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[0] !== "change" && queryKey[0] !== "session",
        });
      }
    },
    [client],
  );
  return { isBusy, error, run };
}
