import { type WorkflowDefinition, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { type DrawingValue, isRecord } from "./drawings.ts";
import type { N8nImport } from "./n8n.ts";
import { type CalledWorkflow, type CalledWorkflows, calledBy } from "./n8n-sub-workflow.ts";
import { SUB_WORKFLOW, SUB_WORKFLOW_TRIGGER } from "./n8n-types.ts";
import { partFrom } from "./part-from.ts";
import { reachedFrom } from "./reached.ts";
import { isOn } from "./switched-on.ts";

/** An n8n workflow of a file. */
export interface NamedExport {
  id: string;
  name: string;
  value: DrawingValue;
}

/** The depth to which core nests executions. */
const MAX_NESTING = 32;

/** Reads the n8n workflows of a file that others of it run, each once. */
export class WorkflowsOfFile implements CalledWorkflows {
  readonly #byId: ReadonlyMap<string, NamedExport>;
  readonly #byName = new Map<string, string>();
  readonly #read = new Map<string, CalledWorkflow & N8nImport>();
  readonly #callers = new Map<string, Set<string>>();
  /** The workflows that run each other's parent, by the parent. */
  readonly #around = new Map<string, ReadonlySet<string>>();
  readonly #importAs: (drawing: NamedExport, start: string | undefined) => N8nImport;
  #depth = 0;

  constructor(
    drawings: readonly NamedExport[],
    importAs: (drawing: NamedExport, start: string | undefined) => N8nImport,
  ) {
    this.#importAs = importAs;
    this.#byId = new Map(drawings.map((drawing) => [drawing.id, drawing]));
    for (const { id, name } of drawings) if (!this.#byName.has(name)) this.#byName.set(name, id);
    for (const { id, value } of drawings) {
      for (const node of enabled(value, SUB_WORKFLOW)) {
        const child = this.find(calledBy({ parameters: isRecord(node.parameters) ? node.parameters : {} }));
        if (child === undefined) continue;
        const callers = this.#callers.get(child) ?? new Set();
        this.#callers.set(child, callers.add(id));
      }
    }
  }

  find(names: readonly string[]): string | undefined {
    const ids = names.map((name) => (this.#byId.has(name) ? name : this.#byName.get(name)));
    return ids.find((id) => id !== undefined);
  }

  contains(workflowId: string, other: string): boolean {
    let around = this.#around.get(other);
    if (around === undefined) {
      around = reachedFrom([other], (id) => this.#callers.get(id) ?? []);
      this.#around.set(other, around);
    }
    return around.has(workflowId);
  }

  /** @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY */
  read(workflowId: string): CalledWorkflow & N8nImport {
    const known = this.#read.get(workflowId);
    if (known !== undefined) return known;
    const drawing = this.#byId.get(workflowId) as NamedExport;
    if (this.#depth >= MAX_NESTING) {
      const message = `Workflows run each other more than ${MAX_NESTING} deep, at ${quoted(drawing.name)}.`;
      throw new WorkflowError("WORKFLOW_INVALID", message);
    }
    this.#depth += 1;
    try {
      const trigger = enabled(drawing.value, SUB_WORKFLOW_TRIGGER)[0]?.name;
      const isCallable = typeof trigger === "string";
      const imported = this.#importAs(drawing, isCallable ? trigger : undefined);
      // A child begins at all of its start nodes.
      const workflow = partFrom(imported.workflow, imported.startAt);
      const called = { ...imported, workflow, returns: endsOf(workflow), isCallable };
      this.#read.set(workflowId, called);
      return called;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Returns the workflows that a workflow runs, directly or not, each once. */
  allIn({ children }: Pick<N8nImport, "children">): (CalledWorkflow & N8nImport)[] {
    return [...reachedFrom(children, (id) => this.read(id).children)].map((id) => this.read(id));
  }
}

function enabled({ nodes }: DrawingValue, type: string): Record<string, unknown>[] {
  return nodes.filter(isRecord).filter((node) => node.type === type && !isOn(node.disabled));
}

function endsOf({ nodes, edges }: WorkflowDefinition): string[] {
  const sources = new Set(edges.map(({ source }) => source));
  const ends = nodes.filter(({ id }) => !sources.has(id));
  // In a loop without an exit, the last node stands for its end.
  return (ends.length === 0 ? nodes.slice(-1) : ends).map(({ id }) => id);
}
