import { safeError, tell } from "@waymark/core/store";

/** The option `onError` of a dispatcher. */
export type OnError = (error: Error) => unknown;

/** Returns a function that reports the errors of a queue and never throws. Default: a warning of the process. */
export function reporter(name: string, onError: OnError | undefined): (error: unknown) => void {
  return (thrown) => {
    // pg-boss reports some errors as plain objects with a message.
    const error = thrown instanceof Error ? thrown : safeError(thrown);
    if (onError === undefined) process.emitWarning(`${name}: ${safeError(error).message}`, "WaymarkDispatcherWarning");
    else tell(onError, error);
  };
}
