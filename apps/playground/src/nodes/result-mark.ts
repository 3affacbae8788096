import { route } from "@waymark/core";

/** The field by which core recognizes marked results. */
const [MARK] = Object.getOwnPropertySymbols(route({}, [])) as [symbol];

/** Returns the mark of an executor's result: "patch", "routed" or "suspended". A plain context has none. */
export function resultMark(result: unknown): unknown {
  return (result as Record<symbol, unknown> | null | undefined)?.[MARK];
}

/** Returns the value that an executor has returned, without its mark, and the outputs that it has chosen. */
export function readResult(given: unknown): { result: unknown; handles?: readonly string[] } {
  if (resultMark(given) === undefined) return { result: given };
  const { result, handles } = given as { result?: unknown; handles?: string | readonly string[] };
  if (resultMark(given) === "ended") return { result, handles: [] };
  return { result, ...(handles === undefined ? {} : { handles: [handles].flat() }) };
}
