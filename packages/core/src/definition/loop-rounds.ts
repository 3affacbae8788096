import type { WorkflowGraph } from "./graph.ts";
import type { Reached } from "./loops.ts";
import { type Handles, isTaken } from "./outputs.ts";
import type { LoopScopes } from "./scopes.ts";

/** An edge that leaves the scope of a loop, or leads back over one, and was taken in an earlier round. */
export interface LeftEdge {
  readonly source: string;
  readonly target: string;
  readonly handle?: string;
}

/** The loops' part of a plan's state: which loops have ended, and what is left to do in the round of each. */
export class LoopRounds {
  readonly #plan: Pick<Reached, "isReached"> & { graph: WorkflowGraph };
  readonly #loops: LoopScopes;
  readonly #isOver: Uint8Array;
  /** By loop: an edge back to its entry was taken. */
  readonly #isRepeated: Uint8Array;
  /** By loop: a node of it has run in this round. */
  readonly #hasRun: Uint8Array;
  /** By loop: what has not been settled or ended: its own nodes, the nodes of its scope, loops in it, loops in its scope. */
  readonly #nodesLeft: Int32Array;
  readonly #scopeLeft: Int32Array;
  readonly #loopsLeft: Int32Array;
  readonly #scopeLoopsLeft: Int32Array;
  /** By loop: a loop around it in whose scope it is; those in between are over. */
  readonly #above: Int32Array;
  readonly #nodeCount: Int32Array;
  readonly #loopCount: Int32Array;
  /** The edges that leave a scope and were taken, by any round. */
  readonly #left = new Set<number>();
  /** By loop: the edges whose source is settled, and that wait for the loop's end. */
  readonly #waiting: number[][];
  /** By loop: the nodes that were passed over, and may run in another round. */
  readonly #passedOver: number[][];
  readonly #toCheck: number[] = [];

  constructor(graph: WorkflowGraph, { isReached }: Reached, loops: LoopScopes) {
    this.#plan = { graph, isReached };
    this.#loops = loops;
    const count = loops.entry.length;
    this.#isOver = new Uint8Array(count);
    this.#isRepeated = new Uint8Array(count);
    this.#hasRun = new Uint8Array(count);
    this.#nodeCount = new Int32Array(count);
    for (const loop of loops.innermost) this.#eachAround(loop, (around) => increase(this.#nodeCount, around, 1));
    this.#loopCount = new Int32Array(count);
    for (const around of loops.around) if (around !== -1) increase(this.#loopCount, around, 1);
    this.#nodesLeft = this.#nodeCount.slice();
    this.#loopsLeft = this.#loopCount.slice();
    this.#scopeLeft = loops.lastInside.map((_, loop) => this.scope(loop).length);
    this.#scopeLoopsLeft = loops.lastInside.map((last, loop) => last - loop);
    this.#above = loops.parent.slice();
    this.#waiting = Array.from({ length: count }, () => []);
    this.#passedOver = Array.from({ length: count }, () => []);
  }

  /** The nodes in the scope of a loop. */
  scope(loop: number): Int32Array {
    const { scopeNodes, scopeStart, lastInside } = this.#loops;
    return scopeNodes.subarray(scopeStart[loop], scopeStart[(lastInside[loop] as number) + 1]);
  }

  entry(loop: number): number {
    return this.#loops.entry[loop] as number;
  }

  /**
   * Notes that a node has taken an edge, or not. Returns whether the edge is settled as taken or as dead; `undefined` if
   * it leads back, or the end of a loop will settle it.
   */
  settleEdge(edge: number, isTaken: boolean): boolean | undefined {
    const { back, home } = this.#loops;
    const repeated = back[edge] as number;
    if (repeated !== -1 && isTaken) this.#isRepeated[repeated] = 1;
    const scope = this.#scopeAt(edge);
    if (home[edge] === scope) return repeated === -1 ? isTaken : undefined;
    if (isTaken) this.#left.add(edge);
    return repeated === -1 ? this.#release(edge, scope) : undefined;
  }

  /** Notes that a node has run, or was passed over, once its edges are settled. */
  settleNode(node: number, hasRun: boolean): void {
    const { innermost, scopeOf } = this.#loops;
    this.#eachAround(innermost[node] as number, (loop) => {
      if (hasRun) this.#hasRun[loop] = 1;
      if (increase(this.#nodesLeft, loop, -1) === 0) this.#toCheck.push(loop);
    });
    this.#eachOpen(scopeOf[node] as number, (loop) => {
      if (increase(this.#scopeLeft, loop, -1) === 0) this.#toCheck.push(loop);
    });
  }

  /** Keeps a node that was passed over until its loops are over. Returns false if they are: it will never run. */
  mayRunLater(node: number): boolean {
    const loop = this.#open(this.#loops.scopeOf[node] as number);
    if (loop !== -1) this.#passedOver[loop]?.push(node);
    return loop !== -1;
  }

  /** Returns the next loop that has ended, or begins its next round; `undefined` if there is none. */
  nextChange(): { loop: number; isOver: boolean } | undefined {
    for (let loop = this.#toCheck.pop(); loop !== undefined; loop = this.#toCheck.pop()) {
      if (this.#isOver[loop] === 1) continue;
      const goesOn = this.#isRepeated[loop] === 1 && this.#hasRun[loop] === 1;
      if (!goesOn && this.#nodesLeft[loop] === 0 && this.#loopsLeft[loop] === 0) return { loop, isOver: true };
      if (goesOn && this.#scopeLeft[loop] === 0 && this.#scopeLoopsLeft[loop] === 0) return { loop, isOver: false };
    }
    return undefined;
  }

  /** Ends a loop. Calls back for each edge that this settles, and for each node that will never run. */
  end(loop: number, settle: (edge: number, isTaken: boolean) => void, skip: (node: number) => void): void {
    const { around, parent } = this.#loops;
    this.#isOver[loop] = 1;
    const outer = around[loop] as number;
    if (outer !== -1 && increase(this.#loopsLeft, outer, -1) === 0) this.#toCheck.push(outer);
    const above = parent[loop] as number;
    this.#eachOpen(above, (open) => {
      if (increase(this.#scopeLoopsLeft, open, -1) === 0) this.#toCheck.push(open);
    });
    for (const edge of this.#waiting[loop]?.splice(0) ?? []) {
      const taken = this.#release(edge, loop);
      if (taken !== undefined) settle(edge, taken);
    }
    for (const node of this.#passedOver[loop]?.splice(0) ?? []) if (!this.mayRunLater(node)) skip(node);
  }

  /** Begins the next round of a loop: its scope is as if it had never run. */
  beginRound(loop: number): void {
    const { lastInside, parent, around, innermost, home } = this.#loops;
    const { firstOut } = this.#plan.graph;
    const last = lastInside[loop] as number;
    const isOutside = (other: number): boolean => other < loop || other > last;
    for (let each = loop; each <= last; each++) {
      const outer = around[each] as number;
      if (this.#isOver[each] === 1 && outer !== -1 && isOutside(outer)) increase(this.#loopsLeft, outer, 1);
      this.#isOver[each] = 0;
      this.#isRepeated[each] = 0;
      this.#hasRun[each] = 0;
      this.#above[each] = parent[each] as number;
      this.#nodesLeft[each] = this.#nodeCount[each] as number;
      this.#loopsLeft[each] = this.#loopCount[each] as number;
      this.#scopeLeft[each] = this.scope(each).length;
      this.#scopeLoopsLeft[each] = (lastInside[each] as number) - each;
    }
    this.#waiting[loop] = [];
    this.#passedOver[loop] = [];
    const scope = this.scope(loop);
    this.#eachOpen(parent[loop] as number, (open) => {
      increase(this.#scopeLeft, open, scope.length);
      increase(this.#scopeLoopsLeft, open, last - loop);
    });
    for (const node of scope) {
      this.#eachAround(innermost[node] as number, (outer) => {
        if (isOutside(outer)) increase(this.#nodesLeft, outer, 1);
      });
      for (let edge = firstOut[node] as number; edge < (firstOut[node + 1] as number); edge++) {
        // An edge that leaves the scope stays taken; one that stays in it is as it was at first.
        if (!isOutside(home[edge] as number)) this.#left.delete(edge);
      }
    }
  }

  /** Takes edges over that earlier rounds have taken. */
  restore(edges: readonly LeftEdge[]): void {
    if (edges.length === 0) return;
    const { graph } = this.#plan;
    const { back, home } = this.#loops;
    const keys = new Set(edges.map(keyOf));
    for (const [edge, scope] of home.entries()) {
      if (scope === this.#scopeAt(edge) || !keys.has(keyOf(this.#edge(edge)))) continue;
      if (this.#plan.isReached[graph.source[edge] as number] === 0) continue;
      this.#left.add(edge);
      const loop = back[edge] as number;
      if (loop !== -1) this.#isRepeated[loop] = 1;
    }
  }

  /** The edges that earlier rounds have taken, and the present ones have not. */
  leftEdges(isSettled: (node: number) => boolean, handlesOf: (node: number) => Handles): LeftEdge[] {
    const { graph } = this.#plan;
    const found = new Map<string, LeftEdge>();
    for (const edge of [...this.#left].sort((a, b) => a - b)) {
      const node = graph.source[edge] as number;
      if (isSettled(node) && isTaken(graph, edge, handlesOf(node))) continue;
      const left = this.#edge(edge);
      found.set(keyOf(left), left);
    }
    return [...found.values()];
  }

  #edge(edge: number): LeftEdge {
    const { nodes, source, target, handle } = this.#plan.graph;
    const ends = {
      source: nodes[source[edge] as number]?.id ?? "",
      target: nodes[target[edge] as number]?.id ?? "",
    };
    const { [edge]: name } = handle;
    return name === undefined ? ends : { ...ends, handle: name };
  }

  /** Settles an edge, unless a loop that it leaves is not over: then it waits for that loop. */
  #release(edge: number, scope: number): boolean | undefined {
    const { home, lastInside } = this.#loops;
    const to = home[edge] as number;
    const open = this.#open(scope);
    const leavesIt = to === -1 ? open !== -1 : open > to && open <= (lastInside[to] as number);
    if (!leavesIt) return this.#left.has(edge);
    this.#waiting[open]?.push(edge);
    return undefined;
  }

  #scopeAt(edge: number): number {
    return this.#loops.scopeOf[this.#plan.graph.source[edge] as number] as number;
  }

  /** The innermost loop that is not over, from this one outwards; -1 if all are over. */
  #open(loop: number): number {
    let open = loop;
    while (open !== -1 && this.#isOver[open] === 1) open = this.#above[open] as number;
    // The next search is shorter.
    for (let at = loop; at !== open; ) {
      const next = this.#above[at] as number;
      this.#above[at] = open;
      at = next;
    }
    return open;
  }

  /** Calls back for every loop that is not over, from this one outwards. */
  #eachOpen(loop: number, visit: (loop: number) => void): void {
    for (let open = this.#open(loop); open !== -1; open = this.#open(this.#loops.parent[open] as number)) visit(open);
  }

  /** Calls back for a loop and each loop that it is a part of. */
  #eachAround(loop: number, visit: (loop: number) => void): void {
    for (let at = loop; at !== -1; at = this.#loops.around[at] as number) visit(at);
  }
}

function increase(counts: Int32Array, at: number, by: number): number {
  const count = (counts[at] as number) + by;
  counts[at] = count;
  return count;
}

function keyOf({ source, target, handle }: LeftEdge): string {
  return JSON.stringify([source, target, ...(handle === undefined ? [] : [handle])]);
}
