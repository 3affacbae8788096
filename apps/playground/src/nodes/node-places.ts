import type { WorkflowDefinition } from "@waymark/core";
import { reachedFrom } from "../import/reached.ts";
import { type DrawnInput, sourcesOf } from "../import/through-disabled.ts";

/** Knows what the nodes of a workflow are connected to. */
export class NodePlaces {
  readonly #inputs = new Map<string, DrawnInput<string>[]>();
  readonly #targets = new Map<string, { to: string; handle: string | undefined }[]>();
  readonly #disabled: ReadonlySet<string>;
  readonly #reached = new Map<string, ReadonlySet<string>>();

  constructor({ nodes, edges }: WorkflowDefinition) {
    this.#disabled = new Set(nodes.filter(({ disabled }) => disabled).map(({ id }) => id));
    for (const { id } of nodes) {
      this.#inputs.set(id, []);
      this.#targets.set(id, []);
    }
    for (const { source, target, sourceHandle, targetHandle } of edges) {
      this.#inputs.get(target)?.push({ from: source, input: targetHandle ?? "" });
      this.#targets.get(source)?.push({ to: target, handle: sourceHandle ?? undefined });
    }
    for (const inputs of this.#inputs.values()) inputs.sort((a, b) => Number(a.input) - Number(b.input) || 0);
  }

  /** The nodes whose outputs a node receives, in the order of its inputs. */
  inputsOf(id: string): string[] {
    return sourcesOf(id, {
      inputsOf: (node) => this.#inputs.get(node) ?? [],
      isDisabled: (node) => this.#disabled.has(node),
    });
  }

  /** The handles of a node's edges. */
  outputsOf(id: string): string[] {
    const handles = (this.#targets.get(id) ?? []).map(({ handle }) => handle);
    return [...new Set(handles.filter((handle) => handle !== undefined))];
  }

  /** Returns true if an output of a node leads back to the node. */
  leadsBack(id: string, output: string): boolean {
    const targets = this.#targets.get(id) ?? [];
    return targets.some(({ to, handle }) => (handle ?? output) === output && this.isReached(to, id));
  }

  /** Returns true if a node is another one, or comes after it. */
  isReached(from: string, to: string): boolean {
    let reached = this.#reached.get(from);
    if (reached === undefined) {
      reached = reachedFrom([from], (node) => (this.#targets.get(node) ?? []).map((target) => target.to));
      this.#reached.set(from, reached);
    }
    return reached.has(to);
  }
}
