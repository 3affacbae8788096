import { safeError, tell } from "@waymark/core/store";

/** The option `onError` of a dispatcher. */
export type OnError = (error: Error) => unknown;

/** Returns a function that reports the errors of a queue and never throws. Default: a warning of the process. */
export function reporter(name: string, onError: OnError | undefined): (error: unknown) => void {
  return (thrown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (onError === undefined) process.emitWarning(`${name}: ${safeError(error).message}`, "WaymarkDispatcherWarning");
    else tell(onError, error);
  };
}
