import type { WaitingFor } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";

/** The most waits that are named. */
const MAX_NAMED = 5;

/** Names the nodes that wait for an answer, each with its reason and the end of its wait. Tokens are left out. */
export function describeWaits(waiting: readonly WaitingFor[]): string {
  const named = waiting.slice(0, MAX_NAMED).map(({ nodeId, reason, until }) => {
    const details = [
      ...(reason === undefined ? [] : [cleanText(reason)]),
      ...(until === undefined ? [] : [`until ${until}`]),
    ];
    return `node ${quoted(nodeId)}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
  });
  const more = waiting.length - named.length;
  return `waits for an answer: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
