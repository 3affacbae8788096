import { route } from "@waymark/core";

/** The field by which core recognizes marked results. */
const [MARK] = Object.getOwnPropertySymbols(route({}, [])) as [symbol];

/** Returns the mark of an executor's result: "patch", "routed" or "suspended". A plain context has none. */
export function resultMark(result: unknown): unknown {
  return (result as Record<symbol, unknown> | null | undefined)?.[MARK];
}
