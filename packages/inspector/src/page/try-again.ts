import type { Query } from "@tanstack/react-query";
import { ApiError } from "./answer.ts";

/** Milliseconds after which a request is made again that has failed. */
const TRY_AGAIN_MS = 3_000;

/** Returns whether the reason of a failure may go by itself. That of a refusal does not. */
export function mayPass(error: Error): boolean {
  return !(error instanceof ApiError && error.status >= 400 && error.status < 500);
}

/** What has failed because the server or the store was away is asked again until it is back. */
export function tryAgainMs({ state: { error } }: { state: Pick<Query["state"], "error"> }): number | false {
  return error !== null && mayPass(error) ? TRY_AGAIN_MS : false;
}
