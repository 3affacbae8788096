import { checkId } from "../store/checks.ts";

/** A token, as `waitTokenOf` makes it. */
const FORM = /^ww_([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

/** Returns the id of the execution that a token names; `undefined` if the text is no token. */
export function executionIdOf(waitToken: string): string | undefined {
  const [, encoded] = FORM.exec(waitToken) ?? [];
  if (encoded === undefined) return undefined;
  const id = Buffer.from(encoded, "base64url").toString("utf8");
  return isId(id) && Buffer.from(id, "utf8").toString("base64url") === encoded ? id : undefined;
}

/**
 * Returns true if a wait or an answer is of another execution: of one that the node has started, or that a node of that
 * one has started.
 */
export function isOfAnother({ token }: { token?: string | undefined }, executionId: string): boolean {
  return token !== undefined && executionIdOf(token) !== executionId;
}

function isId(text: string): boolean {
  try {
    checkId(text, "executionId");
    return true;
  } catch {
    return false;
  }
}
