import type { Handles } from "../../src/definition/outputs.ts";
import type { WorkflowDefinition } from "../../src/index.ts";

interface OracleLoop {
  entry: string;
  nodes: Set<string>;
  scope: Set<string>;
}

/** A node that was settled, or an edge that was taken, with the rounds that all loops were in. */
interface Logged {
  what: unknown;
  kind: "ran" | "passed" | "skipped" | "taken";
  rounds: number[];
}

type Edge = WorkflowDefinition["edges"][number];

/**
 * Plans by the documented rules of loops. It forgets nothing, and computes everything anew from its log after each run.
 *
 * - Scopes are found by removing entries; loops by trying which node reaches which.
 * - It is for definitions whose loops are valid. It knows no error policies.
 */
export class LoopOracle {
  readonly #definition: WorkflowDefinition;
  readonly #starts: string[];
  readonly #reached: Set<string>;
  readonly #edges: Edge[];
  readonly loops: OracleLoop[] = [];
  readonly #log: Logged[] = [];
  /** By loop: the number of its present round. No two rounds of any loop have the same. */
  readonly #rounds: number[];
  #newest = 0;

  constructor(definition: WorkflowDefinition, startAt?: readonly string[]) {
    const { nodes, edges } = definition;
    this.#definition = definition;
    const first = nodes.map(({ id }) => id).filter((id) => edges.every(({ target }) => target !== id));
    this.#starts = [...(startAt ?? first)].filter((id) => !this.#isDisabled(id));
    this.#reached = reach(this.#starts, edges);
    this.#edges = edges.filter(({ source }) => this.#reached.has(source));
    this.#findLoops([...this.#reached], this.#edges);
    this.#rounds = this.loops.map(() => ++this.#newest);
    this.#follow();
  }

  /** The nodes that may run, in the order of their definition. */
  ready(): string[] {
    return this.#ids().filter((id) => this.#isReady(id) && !this.#isDisabled(id));
  }

  visits(nodeId: string): number {
    return this.#log.filter(({ what, kind }) => what === nodeId && kind === "ran").length;
  }

  /** The nodes that are certain never to run. */
  skipped(): string[] {
    return this.#ids().filter((id) => {
      if (!this.#reached.has(id) || this.#isDisabled(id)) return true;
      return this.#stateOf(id) === "skipped" && !this.#mayRunAgain(id) && this.visits(id) === 0;
    });
  }

  /** The number of nodes that can still run. */
  open(): number {
    return this.#ids().filter((id) => {
      if (!this.#reached.has(id) || this.#isDisabled(id)) return false;
      const state = this.#stateOf(id);
      return state === undefined || (state === "skipped" && this.#mayRunAgain(id));
    }).length;
  }

  run(nodeId: string, handles: Handles): void {
    this.#settle(nodeId, "ran", handles);
    this.#follow();
  }

  #ids(): string[] {
    return this.#definition.nodes.map(({ id }) => id);
  }

  #isDisabled(id: string): boolean {
    return this.#definition.nodes.some((node) => node.id === id && node.disabled === true);
  }

  #findLoops(nodes: string[], edges: Edge[]): void {
    const inside = edges.filter(({ source, target }) => nodes.includes(source) && nodes.includes(target));
    const from = new Map(nodes.map((id) => [id, reachFrom(id, inside)]));
    const left = new Set(nodes);
    for (const id of nodes) {
      if (!left.has(id) || !from.get(id)?.has(id)) continue;
      const part = nodes.filter((other) => from.get(id)?.has(other) && from.get(other)?.has(id));
      for (const each of part) left.delete(each);
      const isEntry = (each: string) =>
        this.#starts.includes(each) ||
        this.#edges.some(({ source, target }) => target === each && !part.includes(source));
      const [entry = "", ...others] = part.filter(isEntry);
      if (others.length > 0) throw new Error("The loop has several entries.");
      const without = this.#edges.filter(({ source, target }) => source !== entry && target !== entry);
      const around = reach(
        this.#starts.filter((start) => start !== entry),
        without,
      );
      const scope = new Set([...this.#reached].filter((each) => each === entry || !around.has(each)));
      this.loops.push({ entry, nodes: new Set(part), scope });
      this.#findLoops(
        part,
        inside.filter(({ target }) => target !== entry),
      );
    }
  }

  #isBack({ source, target }: Edge): boolean {
    return this.loops.some(({ entry, nodes }) => entry === target && nodes.has(source));
  }

  /** The loops whose scopes hold a node. */
  #scopesOf(id: string): number[] {
    return [...this.loops.keys()].filter((loop) => this.loops[loop]?.scope.has(id));
  }

  #isSame(rounds: readonly number[], loops: readonly number[]): boolean {
    return loops.every((loop) => rounds[loop] === this.#rounds[loop]);
  }

  #stateOf(id: string): Logged["kind"] | undefined {
    const scopes = this.#scopesOf(id);
    return this.#log.find(({ what, kind, rounds }) => what === id && kind !== "taken" && this.#isSame(rounds, scopes))
      ?.kind;
  }

  /** An edge was taken in the present round of every loop whose scope it does not leave. */
  #wasTaken(edge: Edge): boolean {
    const { source, target } = edge;
    const kept = this.#isBack(edge)
      ? this.#scopesOf(target)
      : this.#scopesOf(source).filter((loop) => this.loops[loop]?.scope.has(target));
    return this.#log.some(({ what, rounds }) => what === edge && this.#isSame(rounds, kept));
  }

  #edgeState(edge: Edge): "open" | "taken" | "dead" {
    const { source, target } = edge;
    const leaves = this.#scopesOf(source).filter((loop) => !this.loops[loop]?.scope.has(target));
    if (this.#stateOf(source) === undefined || !leaves.every((loop) => this.#isOver(loop))) return "open";
    return this.#wasTaken(edge) ? "taken" : "dead";
  }

  #incoming(id: string): ("open" | "taken" | "dead")[] {
    const edges = this.#edges.filter((edge) => edge.target === id && !this.#isBack(edge));
    return edges.map((edge) => this.#edgeState(edge));
  }

  #isReady(id: string): boolean {
    if (!this.#reached.has(id) || this.#stateOf(id) !== undefined) return false;
    const incoming = this.#incoming(id);
    return incoming.length === 0 || (!incoming.includes("open") && incoming.includes("taken"));
  }

  #goesOn(loop: number): boolean {
    const { entry = "", nodes } = this.loops[loop] ?? {};
    const isRepeated = this.#edges.some(
      (edge) => edge.target === entry && nodes?.has(edge.source) && this.#wasTaken(edge),
    );
    const hasRun = this.#log.some(
      ({ what, kind, rounds }) => kind === "ran" && nodes?.has(what as string) && rounds[loop] === this.#rounds[loop],
    );
    return isRepeated && hasRun;
  }

  #isOver(loop: number): boolean {
    const { nodes = new Set<string>() } = this.loops[loop] ?? {};
    const inside = [...this.loops.keys()].filter((each) => each !== loop && nodes.has(this.loops[each]?.entry ?? ""));
    return (
      [...nodes].every((id) => this.#stateOf(id) !== undefined) &&
      inside.every((each) => this.#isOver(each)) &&
      !this.#goesOn(loop)
    );
  }

  #mayRunAgain(id: string): boolean {
    return this.#scopesOf(id).some((loop) => !this.#isOver(loop));
  }

  #settle(id: string, kind: "ran" | "passed" | "skipped", handles: Handles): void {
    const rounds = [...this.#rounds];
    this.#log.push({ what: id, kind, rounds });
    for (const edge of this.#edges.filter(({ source }) => source === id)) {
      const handle = edge.sourceHandle ?? undefined;
      const isTaken = handles === undefined || (handles !== null && (handle === undefined || handles.includes(handle)));
      if (kind !== "skipped" && isTaken) this.#log.push({ what: edge, kind: "taken", rounds });
    }
  }

  #follow(): void {
    while (this.#followOnce());
  }

  #followOnce(): boolean {
    for (const id of this.#reached) {
      if (this.#stateOf(id) !== undefined) continue;
      const incoming = this.#incoming(id);
      if (this.#isDisabled(id) && this.#isReady(id)) {
        const first = this.#edges.find(({ source, sourceHandle }) => source === id && typeof sourceHandle === "string");
        this.#settle(id, "passed", first === undefined ? undefined : [first.sourceHandle as string]);
        return true;
      }
      if (incoming.length > 0 && incoming.every((state) => state === "dead")) {
        this.#settle(id, "skipped", null);
        return true;
      }
    }
    for (const [loop, { scope }] of this.loops.entries()) {
      const inside = [...this.loops.keys()].filter((each) => each !== loop && scope.has(this.loops[each]?.entry ?? ""));
      const isSettled = [...scope].every((id) => this.#stateOf(id) !== undefined);
      if (!isSettled || !inside.every((each) => this.#isOver(each)) || !this.#goesOn(loop)) continue;
      for (const each of [loop, ...inside]) this.#rounds[each] = ++this.#newest;
      return true;
    }
    return false;
  }
}

function reach(from: readonly string[], edges: readonly Edge[]): Set<string> {
  const found = new Set(from);
  for (const id of found) for (const { source, target } of edges) if (source === id) found.add(target);
  return found;
}

/** The nodes that a walk of one edge or more leads to. */
function reachFrom(id: string, edges: readonly Edge[]): Set<string> {
  return reach(
    edges.filter(({ source }) => source === id).map(({ target }) => target),
    edges,
  );
}
