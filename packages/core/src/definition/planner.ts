import type { CompiledGraph } from "./graph.ts";

/**
 * Decides which node runs next. Both executors use this planner.
 *
 * - Of the nodes that are ready, the one that is defined first runs first.
 * - A node is ready once all its incoming edges are settled and at least one was taken. If all are dead, the node is
 *   skipped, and its own edges die at once (dead-path elimination, as in WS-BPEL 2.0 §11.6.3).
 * - Pure: no clock, no I/O. Each edge is settled once, so a whole run costs O(edges + nodes · log nodes).
 */
export class Planner {
  readonly #graph: CompiledGraph;
  /** The number of incoming edges that are not settled, by node. */
  readonly #unsettled: Int32Array;
  readonly #taken: Uint8Array;
  readonly #state: Uint8Array;
  readonly #ready = new IndexHeap();
  readonly #skipped: number[] = [];

  constructor(graph: CompiledGraph) {
    this.#graph = graph;
    this.#unsettled = Int32Array.from(graph.incomingCount);
    this.#taken = new Uint8Array(graph.nodes.length);
    this.#state = new Uint8Array(graph.nodes.length);
    for (const [index, count] of graph.incomingCount.entries()) if (count === 0) this.#makeReady(index);
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

  /** The nodes that have been skipped so far, in the order in which they were skipped. */
  get skipped(): readonly number[] {
    return this.#skipped;
  }

  /** Passes a ready node over until {@link wake} is called: it waits for something from outside. */
  park(index: number): void {
    if (this.#state[index] !== DONE) this.#state[index] = PARKED;
  }

  /** Makes a parked node ready again. */
  wake(index: number): void {
    if (this.#state[index] === PARKED) this.#makeReady(index);
  }

  /**
   * Marks a node as done and settles its edges.
   *
   * - A node that is not ready may be settled too: it may have run before the definition was changed around it.
   * - `handles` names the outputs that are taken. Edges without a `sourceHandle` are taken too. If `handles` is absent,
   *   every edge is taken. If it is `null`, no edge is taken.
   */
  settle(index: number, handles?: readonly string[] | null): void {
    if (this.#state[index] === DONE) return;
    this.#state[index] = DONE;
    const dying: number[] = [];
    for (const edge of this.#graph.outgoing[index] ?? []) {
      const { sourceHandle } = edge;
      const taken =
        handles === undefined || (handles !== null && (sourceHandle === undefined || handles.includes(sourceHandle)));
      if (this.#settleEdge(edge.target, taken)) dying.push(edge.target);
    }
    for (let dead = dying.pop(); dead !== undefined; dead = dying.pop()) {
      this.#state[dead] = SKIPPED;
      this.#skipped.push(dead);
      for (const edge of this.#graph.outgoing[dead] ?? []) {
        if (this.#settleEdge(edge.target, false)) dying.push(edge.target);
      }
    }
  }

  /** Settles one incoming edge of a node. Returns whether the node is now dead. */
  #settleEdge(target: number, taken: boolean): boolean {
    if (taken) this.#taken[target] = 1;
    const left = (this.#unsettled[target] ?? 0) - 1;
    this.#unsettled[target] = left;
    if (left > 0 || this.#state[target] === DONE || this.#state[target] === PARKED) return false;
    if (this.#taken[target] !== 1) return true;
    this.#makeReady(target);
    return false;
  }

  #makeReady(index: number): void {
    this.#state[index] = READY;
    this.#ready.add(index);
  }
}

const READY = 1;
const DONE = 2;
const SKIPPED = 3;
const PARKED = 4;

/** A binary min-heap of indexes. */
class IndexHeap {
  readonly #items: number[] = [];

  first(): number | undefined {
    return this.#items[0];
  }

  add(value: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (above <= value) break;
      items[at] = above;
      items[parent] = value;
      at = parent;
    }
  }

  removeFirst(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= items.length) break;
      const right = left + 1;
      const child = right < items.length && (items[right] as number) < (items[left] as number) ? right : left;
      const below = items[child] as number;
      if (below >= last) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
  }
}
