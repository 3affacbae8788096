import { IndexHeap } from "./index-heap.ts";
import type { LeftEdge, LoopRounds } from "./loop-rounds.ts";
import { firstOutput, type Handles, isTaken } from "./outputs.ts";
import type { Plan } from "./plan.ts";

/** A planner's state. Its size is bounded by that of the graph, however many rounds there were. */
export interface PlanState {
  /** The nodes that have run in the present rounds, in that order. */
  readonly ran: readonly { readonly index: number; readonly handles?: Handles }[];
  /** The edges that earlier rounds have taken, and that wait for the end of their loop. */
  readonly left: readonly LeftEdge[];
  /** The number of runs, by node. */
  readonly visits: ReadonlyMap<number, number>;
}

/**
 * Decides which nodes may run. Both executors use this planner.
 *
 * - Of the nodes that are ready, the one that is defined first runs first. Several may be in flight: see {@link park}.
 * - A node is ready once all its incoming edges are settled and at least one was taken. If all are dead, the node is
 *   passed over, and its own edges die at once (dead-path elimination, as in WS-BPEL 2.0 §11.6.3).
 * - A loop runs in rounds: see `loop-rounds.ts`.
 * - Pure: no clock, no I/O. A run without loops costs O(edges + nodes · log nodes); a round as much for its scope.
 */
export class Planner {
  readonly #plan: Plan;
  readonly #rounds: LoopRounds | undefined;
  /** The number of incoming edges that are not settled, by node. */
  readonly #unsettled: Int32Array;
  readonly #taken: Uint8Array;
  readonly #state: Uint8Array;
  readonly #visits: Int32Array;
  /** By node: it has not run in the present round, and may. */
  readonly #mayRun: Uint8Array;
  /** By node: the outputs that it took in the present round. Only if there are loops. */
  readonly #handles: Handles[] = [];
  readonly #ready = new IndexHeap();
  readonly #skipped: number[] = [];
  readonly #dead: number[] = [];
  readonly #passing: number[] = [];
  #open = 0;
  #endedEntries: number[] = [];

  /** `state`: where an execution stands. Default: at its beginning. */
  constructor(plan: Plan, state?: PlanState) {
    const { nodes } = plan.graph;
    this.#plan = plan;
    this.#rounds = plan.loops?.newRounds();
    this.#unsettled = plan.incomingCount.slice();
    this.#taken = new Uint8Array(nodes.length);
    this.#state = new Uint8Array(nodes.length);
    this.#visits = new Int32Array(nodes.length);
    this.#mayRun = new Uint8Array(nodes.length);
    for (const [index, node] of nodes.entries()) {
      if (plan.isReached[index] === 0) this.#state[index] = SKIPPED;
      if (node.disabled === true || plan.isReached[index] === 0) this.#skipped.push(index);
      else {
        this.#mayRun[index] = 1;
        this.#open++;
        if (plan.isStart[index] === 1) this.#makeReady(index);
      }
    }
    if (state !== undefined) this.#restore(state);
    this.#drain();
    this.#endedEntries = [];
  }

  /** Returns the entries of the loops that have ended since the last call. */
  takeEndedEntries(): readonly number[] {
    const ended = this.#endedEntries;
    if (ended.length > 0) this.#endedEntries = [];
    return ended;
  }

  /** Returns the index of the node to run now, or `undefined` if no node is ready. */
  next(): number | undefined {
    let first = this.#ready.first();
    while (first !== undefined && this.#state[first] !== READY) {
      this.#ready.removeFirst();
      first = this.#ready.first();
    }
    return first;
  }

  /** The nodes that are certain never to run, in the order in which that became certain. */
  get skipped(): readonly number[] {
    return this.#skipped;
  }

  /** The number of nodes that can still run: those of the present rounds, and those that another round may reach. */
  get open(): number {
    return this.#open;
  }

  /** The number of times that a node has run. */
  visits(index: number): number {
    return this.#visits[index] ?? 0;
  }

  /** Takes a ready node out of those that may run: it is in flight, or waits until {@link wake} is called. */
  park(index: number): void {
    if (this.#state[index] !== DONE) this.#state[index] = PARKED;
  }

  /** Makes a parked node ready again. */
  wake(index: number): void {
    if (this.#state[index] === PARKED) this.#makeReady(index);
  }

  /**
   * Counts a run of a node, and settles its edges.
   *
   * - A node that is not ready may be settled too: it may have run before the definition was changed around it.
   * - `handles`: the outputs that it took.
   */
  settle(index: number, handles?: Handles): void {
    this.#visits[index] = this.visits(index) + 1;
    this.#finish(index, DONE, handles);
    this.#drain();
  }

  /** Returns whether a node has run in the present round. */
  hasRun(index: number): boolean {
    return this.#state[index] === DONE && this.#plan.graph.nodes[index]?.disabled !== true;
  }

  /** The edges that earlier rounds have taken, and that wait for the end of their loop. */
  leftEdges(): readonly LeftEdge[] {
    const isSettled = (index: number): boolean => this.#state[index] === DONE;
    return this.#rounds?.leftEdges(isSettled, (index) => this.#handles[index]) ?? [];
  }

  #restore({ ran, left, visits }: PlanState): void {
    this.#rounds?.restore(left);
    for (const [index, count] of visits) this.#visits[index] = count;
    // All of them count before a loop ends or begins its next round.
    for (const { index, handles } of ran) this.#finish(index, DONE, handles);
  }

  /** Settles a node's edges. What follows from that is done by {@link #drain}. */
  #finish(index: number, state: typeof DONE | typeof SKIPPED, handles: Handles): void {
    const before = this.#state[index];
    if (before === DONE || before === SKIPPED) return;
    const { graph } = this.#plan;
    const isPassing = graph.nodes[index]?.disabled === true;
    this.#state[index] = state;
    const end = graph.firstOut[index + 1] as number;
    for (let edge = graph.firstOut[index] as number; edge < end; edge++) {
      const taken = state === DONE && isTaken(graph, edge, handles);
      const settled = this.#rounds === undefined ? taken : this.#rounds.settleEdge(edge, taken);
      if (settled !== undefined) this.#settleEdge(edge, settled);
    }
    if (this.#rounds !== undefined) {
      this.#handles[index] = handles;
      this.#rounds.settleNode(index, state === DONE && !isPassing);
      if (state === SKIPPED && this.#rounds.mayRunLater(index)) return;
    }
    this.#close(index, state === SKIPPED);
  }

  /** Notes that a node cannot run any more: in the present round if it has run, else ever. */
  #close(index: number, isSkipped: boolean): void {
    if (this.#mayRun[index] === 0) return;
    this.#mayRun[index] = 0;
    this.#open--;
    if (isSkipped && this.visits(index) === 0) this.#skipped.push(index);
  }

  /** Settles an edge that leads to a node which is not settled itself. */
  #settleEdge(edge: number, isTaken: boolean): void {
    const target = this.#plan.graph.target[edge] as number;
    if (isTaken) this.#taken[target] = 1;
    const left = (this.#unsettled[target] as number) - 1;
    this.#unsettled[target] = left;
    if (left > 0 || this.#state[target] !== IDLE) return;
    if (this.#taken[target] === 1) this.#makeReady(target);
    else this.#dead.push(target);
  }

  #drain(): void {
    for (;;) {
      // Loops come first: what is over makes the way through the scopes shorter.
      if (this.#rounds !== undefined && this.#changeLoop(this.#rounds)) continue;
      const dead = this.#dead.pop();
      if (dead !== undefined) {
        this.#finish(dead, SKIPPED, undefined);
        continue;
      }
      const passing = this.#passing.pop();
      if (passing !== undefined) {
        this.#finish(passing, DONE, firstOutput(this.#plan.graph, passing));
        continue;
      }
      return;
    }
  }

  /** Ends a loop or begins its next round. Returns false if no loop changes. */
  #changeLoop(rounds: LoopRounds): boolean {
    const change = rounds.nextChange();
    if (change === undefined) return false;
    const { loop, isOver } = change;
    if (isOver) {
      this.#endedEntries.push(rounds.entry(loop));
      rounds.end(
        loop,
        (edge, taken) => this.#settleEdge(edge, taken),
        (index) => this.#close(index, true),
      );
    } else {
      rounds.beginRound(loop);
      for (const index of rounds.scope(loop)) this.#reset(index);
      const entry = rounds.entry(loop);
      // What leads to the entry from outside is settled for good.
      this.#unsettled[entry] = 0;
      this.#taken[entry] = 1;
      this.#makeReady(entry);
    }
    return true;
  }

  #reset(index: number): void {
    const { incomingCount, graph } = this.#plan;
    this.#state[index] = IDLE;
    this.#unsettled[index] = incomingCount[index] as number;
    this.#taken[index] = 0;
    this.#handles[index] = undefined;
    if (this.#mayRun[index] === 1 || graph.nodes[index]?.disabled === true) return;
    this.#mayRun[index] = 1;
    this.#open++;
  }

  #makeReady(index: number): void {
    this.#state[index] = READY;
    if (this.#plan.graph.nodes[index]?.disabled === true) this.#passing.push(index);
    else this.#ready.add(index);
  }
}

const IDLE = 0;
const READY = 1;
const DONE = 2;
const SKIPPED = 3;
const PARKED = 4;
