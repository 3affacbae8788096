import { MAX_TIME_MS } from "@waymark/core/store";
import { EXECUTION } from "./columns.ts";

/**
 * Returns the condition that a head's fields can be read, as far as SQL can check: texts are not empty, numbers and
 * times are within their bounds, and what is JSON has what core asks of it first.
 *
 * - It must hold for every head that core can read: core would find no reason for a claim that it refuses.
 */
export function isReadable(alias: string): string {
  return Object.values(EXECUTION)
    .map(({ column, type, ...one }) => {
      const value = `${alias}.${column}`;
      const isRight = type === "json" ? JSON_IS_RIGHT[column](value) : isInBounds(value, column, type);
      return "optional" in one ? `CASE WHEN ${value} IS NULL THEN true ELSE ${isRight} END` : isRight;
    })
    .join(" AND ");
}

/** Counters that a claim, or a commit after it, raises by one: the last number is of no use to them. */
const RISING: ReadonlySet<string> = new Set(
  [EXECUTION.version, EXECUTION.token, EXECUTION.seq, EXECUTION.checkpointsCount, EXECUTION.recoveries].map(
    ({ column }) => column,
  ),
);

function isInBounds(value: string, column: string, type: "text" | "bigint"): string {
  const mostCount = RISING.has(column) ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
  const most = column.endsWith("_ms") ? MAX_TIME_MS : mostCount;
  // In this form no index answers it. The index of a time would lead to all rows of the table.
  return type === "text" ? `${value} <> ''` : `(${value} BETWEEN 0 AND ${most}) IS TRUE`;
}

const JSON_IS_RIGHT = {
  failure: (value: string) => hasTypes(plain(value), { code: "string", message: "string" }),
  waiting: (value: string) => {
    const isNode = hasTypes("node", { nodeId: "string", nodeName: "string", visit: "number", since: "number" });
    return `CASE WHEN json_typeof(${value}) <> 'array' THEN false
      ELSE NOT EXISTS (SELECT FROM json_array_elements(${plain(value)}) AS one (node) WHERE NOT ${isNode}) END`;
  },
  metadata: (value: string) =>
    `CASE WHEN json_typeof(${value}) <> 'object' THEN false
      ELSE NOT EXISTS (SELECT FROM json_each(${plain(value)}) AS one WHERE json_typeof(one.value) <> 'string') END`,
};

/** JSON without what its texts escape: PostgreSQL cannot read all of that, U+0000 for one. */
function plain(value: string): string {
  return `regexp_replace(${value}::text, '\\\\(u[0-9a-fA-F]{4}|.)', '', 'g')::json`;
}

function hasTypes(json: string, types: Record<string, string>): string {
  const conditions = Object.entries(types).map(([name, type]) => `json_typeof((${json}) -> '${name}') = '${type}'`);
  return `coalesce(${conditions.join(" AND ")}, false)`;
}
