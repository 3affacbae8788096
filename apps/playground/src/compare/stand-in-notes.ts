import { cleanText } from "@waymark/core/store";

/** The maximum number of node types in a note. */
const MAX_NAMED = 10;
/** The longest type, in characters. */
const MAX_TYPE = 120;

/** Returns a note about the node types that were passed through, each with the number of its nodes. */
export function standInNotes(passedThrough: ReadonlyMap<string, number>): string[] {
  if (passedThrough.size === 0) return [];
  const types = [...passedThrough].map(([type, count]) => {
    return `${cleanText(type, MAX_TYPE)}${count === 1 ? "" : ` x${count}`}`;
  });
  const more = types.length - MAX_NAMED;
  const named = `${types.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return [`no executor here, passed through: ${named}`];
}
