import type { LeftEdge } from "../definition/loop-rounds.ts";
import { AppendList } from "./append-list.ts";
import type { NodeRun } from "./node-run.ts";

/** A node that has run: its id, and the handles that it chose. `null`: it took no edge at all. */
export interface RanNode {
  readonly nodeId: string;
  readonly handles?: readonly string[] | null;
  /** The number of the run. Absent for those that a snapshot held. */
  readonly visit?: number;
}

/** The attempts of a node that has not completed. */
export interface NodeAttempts {
  /** The number of the newest attempt that has begun. */
  readonly attempt: number;
  /** The attempt after which a retry policy counts anew, since a person resumed the execution. */
  readonly countedFrom?: number;
  /** The number of attempts that have failed, as the retry policy counts them. */
  readonly failures?: number;
  /** When the next attempt is due, in milliseconds since the epoch. */
  readonly retryAtMs?: number;
}

/** A node that waits for something from outside. */
export interface NodeWait extends NodeRun {
  /** The token that an answer names. */
  readonly token: string;
  /** Milliseconds since the epoch; so is `untilMs`. */
  readonly sinceMs: number;
  /** When the node runs again without an answer. */
  readonly untilMs?: number;
  readonly reason?: string;
  /** The node's value for those who answer. */
  readonly payload?: unknown;
}

/** The answer that a suspended node was given. It is kept until the node has completed. */
export interface NodeAnswer extends NodeRun {
  readonly data: unknown;
  /** The token of the wait that it answers. Absent in records of format 1. */
  readonly token?: string;
  /** Present if nobody answered in time. */
  readonly timedOut?: true;
}

/** How far the children of an execution had come when its recoveries were last looked at. */
export interface ChildProgress {
  /** The number of recoveries that do not count any more, since the children have progressed. */
  readonly recoveries: number;
  /** It differs if they have progressed since. */
  readonly mark: number;
}

/** The parts of a record besides changes of the context. */
export interface RecordParts {
  /** Of a node that has run, or was passed over after its failure: the handles it took, `null` for none of its edges. */
  readonly handles?: readonly string[] | null | undefined;
  /** The nodes that may be in flight after this record. Absent: the first one that is ready. */
  readonly begin?: readonly string[];
  /** The number of the record whose context the node was given, if it is not the one before. */
  readonly given?: number;
  /** Attempts that have begun after others were cut off by a crash. */
  readonly attempts?: readonly { readonly nodeId: string; readonly attempt: number }[];
  readonly retry?: { readonly nodeId: string; readonly atMs: number; readonly failures: number };
  /** The attempts after which the retry policy counts again. */
  readonly counted?: readonly { readonly nodeId: string; readonly attempt: number }[];
  readonly waits?: readonly NodeWait[];
  readonly answers?: readonly NodeAnswer[];
  readonly children?: ChildProgress;
  /** The hash of the definition that the execution continues by. */
  readonly definition?: string;
  /** The nodes that count as run from here on. Format 1 only. */
  readonly ran?: readonly RanNode[];
}

/** The progress of an execution: what a resume must know besides its context. Immutable. */
export interface Progress {
  /** What the newest snapshot held: the nodes that had run in their present rounds. Then every run since. */
  readonly ran: AppendList<RanNode>;
  /** The number of nodes in `ran` that the newest snapshot held. */
  readonly heldCount: number;
  readonly left: readonly LeftEdge[];
  /** The number of runs by node at the newest snapshot, if it is not one for each node it held and none for the rest. */
  readonly visits: ReadonlyMap<string, number>;
  /** The nodes it was started at; absent: all that no edge leads to. */
  readonly start: readonly string[] | undefined;
  readonly begin: readonly string[] | undefined;
  readonly attempts: ReadonlyMap<string, NodeAttempts>;
  readonly waiting: ReadonlyMap<string, NodeWait>;
  /** At most one for each node, until it has completed. */
  readonly answers: ReadonlyMap<string, NodeAnswer>;
  /** Absent again after each checkpoint, as no recoveries count then. */
  readonly children: ChildProgress | undefined;
  /** A random text that distinguishes the execution from every other one, also from one that had its id before. */
  readonly instance: string | undefined;
}

/** Makes the progress of an execution that has not begun. */
export function noProgress(instance: string | undefined): Progress {
  return {
    ran: new AppendList(),
    heldCount: 0,
    left: [],
    visits: NONE,
    start: undefined,
    begin: undefined,
    attempts: NONE,
    waiting: NONE,
    answers: NONE,
    children: undefined,
    instance,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: an empty map is one of any values
const NONE: ReadonlyMap<string, any> = new Map();

/** Returns the node's next run. Looks through all runs since the newest snapshot: a planner knows it at once. */
export function nextRun(progress: Progress, nodeId: string): NodeRun {
  return { nodeId, visit: (visitsOf(progress).get(nodeId) ?? 0) + 1 };
}

/** Returns the number of runs of every node that has run. */
export function visitsOf({ ran, visits }: Progress): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { nodeId, visit } of ran) counts.set(nodeId, visit ?? visits.get(nodeId) ?? 1);
  for (const [nodeId, count] of visits) if (!counts.has(nodeId)) counts.set(nodeId, count);
  return counts;
}

/** The runs that still count in a workflow with loops. */
export interface PresentRuns {
  /** Returns whether a node has run in its present round. */
  hasRun(nodeId: string): boolean;
  readonly left: readonly LeftEdge[];
}

/**
 * Returns the progress as a snapshot holds it: one entry for each node that still counts as run, and what its loops left.
 *
 * - `present` tells which nodes have run in their present round. Without a graph every node has.
 */
export function snapshotOf(progress: Progress, present?: PresentRuns): Progress {
  const { ran, left } = progress;
  const newest = new Map<string, RanNode>();
  let isOnce = progress.visits.size === 0;
  for (const { nodeId, handles, visit = 1 } of ran) {
    isOnce &&= visit === 1;
    newest.delete(nodeId);
    newest.set(nodeId, handles === undefined ? { nodeId } : { nodeId, handles });
  }
  if (isOnce && present === undefined) {
    return { ...progress, ran: new AppendList([...newest.values()]), heldCount: newest.size };
  }
  const counts = visitsOf(progress);
  const held = [...newest.values()].filter(({ nodeId }) => present?.hasRun(nodeId) ?? true);
  const isHeld = new Set(held.map(({ nodeId }) => nodeId));
  const visits = [...counts].filter(([nodeId, count]) => count !== (isHeld.has(nodeId) ? 1 : 0));
  return {
    ...progress,
    ran: new AppendList(held),
    heldCount: held.length,
    left: present?.left ?? left,
    visits: new Map(visits),
  };
}

/** Returns the progress after a run of a node. */
export function afterNode(before: Progress, { nodeId, visit }: NodeRun, parts: RecordParts): Progress {
  const { handles, begin } = parts;
  return {
    ...before,
    ran: before.ran.with(handles === undefined ? { nodeId, visit } : { nodeId, visit, handles }),
    begin,
    attempts: withoutEntry(before.attempts, nodeId),
    waiting: withoutEntry(before.waiting, nodeId),
    answers: withoutEntry(before.answers, nodeId),
    children: undefined,
  };
}

/** Returns the progress after a save between nodes. */
export function afterSave(before: Progress, parts: RecordParts): Progress {
  const { begin, attempts = [], counted = [], waits = [], answers = [], children = before.children, ran } = parts;
  let after: Progress = { ...before, begin, children };
  if (ran !== undefined) after = { ...after, ran: new AppendList([...ran]), heldCount: ran.length };
  for (const { nodeId, attempt } of attempts) {
    // An attempt that has begun waits for nothing.
    const { retryAtMs: _retryAtMs, ...known } = after.attempts.get(nodeId) ?? {};
    after = { ...after, attempts: withEntry(after.attempts, nodeId, { ...known, attempt }) };
  }
  for (const { nodeId, attempt: countedFrom } of counted) {
    const { attempt = countedFrom } = after.attempts.get(nodeId) ?? {};
    after = { ...after, attempts: withEntry(after.attempts, nodeId, { attempt, countedFrom }) };
  }
  for (const wait of waits) {
    const { nodeId } = wait;
    const left = withoutEntry(after.answers, nodeId);
    after = { ...after, waiting: withEntry(after.waiting, nodeId, wait), answers: left };
  }
  for (const answer of answers) {
    const { nodeId } = answer;
    const waiting = withoutEntry(after.waiting, nodeId);
    after = { ...after, waiting, answers: withEntry(after.answers, nodeId, answer) };
  }
  return after;
}

/** Returns the progress that a snapshot of a node's run holds: other nodes that were in flight still are. */
export function atSnapshot(after: Progress, before: Progress, nodeId: string): Progress {
  if (after.begin !== undefined || before.begin === undefined) return after;
  const begin = before.begin.filter((each) => each !== nodeId);
  return begin.length === 0 ? after : { ...after, begin };
}

/** Returns a copy of a map with one more entry. */
export function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function withoutEntry<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
