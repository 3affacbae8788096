import type { Codec } from "./codec.ts";
import type { ComposedCheckpoint } from "./journal-entries.ts";
import { sizesExtended } from "./text-sizes.ts";
import { writeJson } from "./write-json.ts";
import { snapshotPayload } from "./write-payload.ts";

/**
 * Returns checkpoints of one commit, of which the last also names the nodes that may be in flight after it.
 *
 * - `begin`: `undefined` if it is the first one that is ready, and need not be named.
 */
export function withBegin(
  codec: Codec,
  composed: readonly ComposedCheckpoint[],
  begin: readonly string[] | undefined,
): readonly ComposedCheckpoint[] {
  const last = composed.at(-1);
  return begin === undefined || last === undefined ? composed : [...composed.slice(0, -1), naming(codec, last, begin)];
}

function naming(codec: Codec, composed: ComposedCheckpoint, begin: readonly string[]): ComposedCheckpoint {
  const { kind, entry, after } = composed;
  const progress = { ...after.progress, begin };
  const payload =
    kind === "snapshot"
      ? snapshotPayload(codec, {
          contextText: codec.encode(after.context),
          progress,
          ...(progress.ran.last?.nodeId === entry.nodeId ? {} : { handles: entry.handles }),
        })
      : // The last part of such a record.
        `${composed.payload.slice(0, -1)},${writeJson(["begin", ...begin])}]`;
  const sizes = sizesExtended(after.sizes, kind, payload.length - composed.payload.length);
  return { ...composed, payload, after: { ...after, progress, sizes } };
}
