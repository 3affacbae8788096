import { isOn } from "./switched-on.ts";

/**
 * Converts n8n's `onError`, or the older `continueOnFail`, to an error policy. Returns `undefined` if a failure ends the
 * run.
 */
export function readN8nErrorPolicy(node: Readonly<Record<string, unknown>>): "continue" | "route" | undefined {
  const { onError } = node;
  if (onError === "continueErrorOutput") return "route";
  if (onError === "continueRegularOutput") return "continue";
  return (onError === undefined || onError === null) && isOn(node.continueOnFail) ? "continue" : undefined;
}
