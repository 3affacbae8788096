import { grouped, type WorkflowGraph } from "./graph.ts";
import type { FoundLoops } from "./loops.ts";

/**
 * The loops of a plan, with their scopes: a loop's nodes and every node that can only be reached through its entry.
 *
 * - Scopes nest. Loops are numbered so that those in the scope of loop `n` are `n + 1` to `lastInside[n]`, and the nodes
 *   of its scope are next to each other in `scopeNodes`.
 */
export interface LoopScopes {
  readonly entry: Int32Array;
  /** By loop: the loop in whose scope it is; -1 for none. */
  readonly parent: Int32Array;
  readonly lastInside: Int32Array;
  /** By loop: the loop that it is a part of; -1 for none. A loop that hangs off another is only in its scope. */
  readonly around: Int32Array;
  /** By node: the innermost loop that it is a part of; -1 for none. */
  readonly innermost: Int32Array;
  /** By node: the innermost scope that it is in; -1 for none. */
  readonly scopeOf: Int32Array;
  /** The nodes of the scopes. Those of loop `n` begin at `scopeStart[n]` and end before `scopeStart[lastInside[n] + 1]`. */
  readonly scopeNodes: Int32Array;
  readonly scopeStart: Int32Array;
  /** By edge: the loop to whose entry it leads back; -1 for all others. */
  readonly back: Int32Array;
  /** By edge: the innermost scope that it does not leave; -1 for none. */
  readonly home: Int32Array;
}

/**
 * Finds the scopes of loops. `order`: the nodes that are reached, sources before targets, edges back left out.
 *
 * - A node is in a scope if all nodes that lead to it are, so one pass in that order finds all scopes.
 */
export function findScopes(graph: WorkflowGraph, found: FoundLoops, order: Int32Array): LoopScopes {
  const { source, firstIn, incoming } = graph;
  const size = graph.nodes.length;
  const isOrdered = new Uint8Array(size);
  for (const node of order) isOrdered[node] = 1;
  const loopAt = new Map(found.entries.map((node, loop) => [node, loop]));
  const tree = new Ancestors(found.entries.length);
  const scopes = new Int32Array(size).fill(-1);
  for (const node of order) {
    let common: number | undefined;
    for (let at = firstIn[node] as number; at < (firstIn[node + 1] as number); at++) {
      const edge = incoming[at] as number;
      const from = source[edge] as number;
      if (found.back[edge] !== -1 || isOrdered[from] === 0) continue;
      const scope = scopes[from] as number;
      common = common === undefined ? scope : tree.common(common, scope);
    }
    const loop = loopAt.get(node);
    if (loop !== undefined) tree.add(loop, common ?? -1);
    scopes[node] = loop ?? common ?? -1;
  }
  return numbered(graph, found, { parents: tree.parents, scopes });
}

/** Numbers the loops anew, so that those in a scope follow its loop. */
function numbered(
  graph: WorkflowGraph,
  found: FoundLoops,
  { parents, scopes }: { parents: Int32Array; scopes: Int32Array },
): LoopScopes {
  const count = parents.length;
  const { first, items } = grouped(
    parents.map((loop) => loop + 1),
    count + 1,
  );
  const insideOf = (loop: number): Int32Array => items.subarray(first[loop + 1], first[loop + 2]);
  const oldOf = new Int32Array(count);
  /** By old number, shifted by one, so that -1 stays itself. */
  const newOf = new Int32Array(count + 1).fill(-1);
  const stack = [...insideOf(-1)].reverse();
  let next = 0;
  for (let loop = stack.pop(); loop !== undefined; loop = stack.pop()) {
    oldOf[next] = loop;
    newOf[loop + 1] = next++;
    for (const inside of insideOf(loop).toReversed()) stack.push(inside);
  }
  const renamed = (loops: Int32Array): Int32Array => loops.map((loop) => newOf[loop + 1] as number);
  const parent = renamed(oldOf.map((loop) => parents[loop] as number));
  const lastInside = Int32Array.from(parent.keys());
  for (let loop = count - 1; loop >= 0; loop--) {
    const up = parent[loop] as number;
    if (up !== -1) lastInside[up] = Math.max(lastInside[up] as number, lastInside[loop] as number);
  }
  const scopeOf = renamed(scopes);
  const byScope = grouped(
    scopeOf.map((loop) => loop + 1),
    count + 1,
  );
  const back = renamed(found.back);
  return {
    entry: oldOf.map((loop) => found.entries[loop] as number),
    around: renamed(oldOf.map((loop) => found.around[loop] as number)),
    ...{ parent, lastInside, innermost: renamed(found.innermost), scopeOf, back },
    scopeNodes: byScope.items,
    scopeStart: byScope.first.subarray(1),
    home: back.map((loop, edge) => {
      if (loop !== -1) return loop;
      const target = graph.target[edge] as number;
      const scope = scopeOf[target] as number;
      return scope !== -1 && found.entries[oldOf[scope] as number] === target ? (parent[scope] as number) : scope;
    }),
  };
}

/**
 * A growing tree of loops that finds common ancestors in logarithmic time, however deep it is: each loop also knows an
 * ancestor far above it (Myers 1983).
 */
class Ancestors {
  readonly parents: Int32Array;
  readonly #far: Int32Array;
  readonly #depth: Int32Array;

  constructor(count: number) {
    this.parents = new Int32Array(count).fill(-1);
    this.#far = new Int32Array(count).fill(-1);
    this.#depth = new Int32Array(count);
  }

  add(loop: number, parent: number): void {
    this.parents[loop] = parent;
    this.#depth[loop] = this.#depthOf(parent) + 1;
    const far = this.#farOf(parent);
    const isEven = this.#depthOf(parent) - this.#depthOf(far) === this.#depthOf(far) - this.#depthOf(this.#farOf(far));
    this.#far[loop] = isEven && parent !== -1 ? this.#farOf(far) : parent;
  }

  /** Returns the innermost loop that is, or contains, both. */
  common(a: number, b: number): number {
    let [deep, other] = this.#depthOf(a) >= this.#depthOf(b) ? [a, b] : [b, a];
    const depth = this.#depthOf(other);
    while (this.#depthOf(deep) > depth) {
      const far = this.#farOf(deep);
      deep = this.#depthOf(far) >= depth ? far : (this.parents[deep] as number);
    }
    while (deep !== other) {
      const isFar = this.#farOf(deep) !== this.#farOf(other);
      [deep, other] = isFar
        ? [this.#farOf(deep), this.#farOf(other)]
        : [this.parents[deep] as number, this.parents[other] as number];
    }
    return deep;
  }

  #depthOf(loop: number): number {
    return loop === -1 ? 0 : (this.#depth[loop] as number);
  }

  #farOf(loop: number): number {
    return loop === -1 ? -1 : (this.#far[loop] as number);
  }
}
