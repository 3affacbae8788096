import { type Codec, isTagged } from "./codec.ts";
import type { Progress } from "./progress.ts";
import type { TextSizes } from "./text-sizes.ts";

/** An execution's state, put together from its records. */
export interface RestoredState {
  context: Record<string, unknown>;
  progress: Progress;
  /** False if no text of the state holds anything beside plain JSON. */
  holdsInstances: boolean;
  sizes: TextSizes;
}

/**
 * Returns the state of an execution that begins with a snapshot, as its reader will have it. The progress is known: only
 * the context is read back.
 *
 * @throws what the codec throws, and what a type of the user's throws when it is read back
 */
export function freshState(
  codec: Codec,
  { contextText, progress }: { contextText: string; progress: Progress },
  payload: string,
): RestoredState {
  const context = codec.decode(contextText) as Record<string, unknown>;
  return { context, progress, holdsInstances: isTagged(contextText), sizes: sizesAtStart(payload, 0) };
}

/** The sizes once a snapshot is the newest record. */
export function sizesAtStart({ length }: string, checkpoints: number): TextSizes {
  return { state: length, snapshot: length, changes: 0, checkpoints };
}
