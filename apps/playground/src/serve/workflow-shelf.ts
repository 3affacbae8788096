import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { resolveExecutors } from "../compare/executor-table.ts";
import { standInNotes } from "../compare/stand-in-notes.ts";
import { bundledIds, readBundled } from "../import/bundled.ts";
import { parseJson } from "../import/json-file.ts";
import { type LoadedWorkflow, parseWorkflows } from "../import/workflow-file.ts";
import { createNodes } from "../nodes/nodes.ts";
import { messageOf } from "../values/message-of.ts";
import { proposedNode } from "./proposed-node.ts";

/** The files of the user's that are kept. */
const MAX_OWN = 20;
/** The most workflows that are taken from one file. */
const MAX_IN_FILE = 50;

/** A workflow that can be run. */
export interface ShelvedWorkflow {
  key: string;
  isBundled: boolean;
  loaded: LoadedWorkflow;
}

/** The workflows that the page offers: the bundled ones, and those of dropped files. */
export class WorkflowShelf {
  readonly #bundled: readonly ShelvedWorkflow[];
  #own: ShelvedWorkflow[] = [];
  #count = 0;

  private constructor(bundled: readonly LoadedWorkflow[]) {
    this.#bundled = bundled.map((loaded) => ({ key: `bundled:${loaded.workflow.id}`, isBundled: true, loaded }));
  }

  static async open(): Promise<WorkflowShelf> {
    return new WorkflowShelf(await readBundled(await bundledIds()));
  }

  get all(): readonly ShelvedWorkflow[] {
    return [...this.#own, ...this.#bundled];
  }

  /** @throws {WorkflowError} WORKFLOW_NOT_FOUND */
  get(key: string): ShelvedWorkflow {
    const found = this.all.find((each) => each.key === key);
    if (found === undefined)
      throw new WorkflowError("WORKFLOW_NOT_FOUND", "There is no such workflow any more. Drop its file again.");
    return found;
  }

  /**
   * Takes the workflows of a file. The file is data: nothing of it runs before somebody runs the workflow.
   *
   * @throws {WorkflowError} as the command line's import of a file
   */
  add(name: string, text: string): ShelvedWorkflow[] {
    let value: unknown;
    try {
      value = parseJson(text.replace(/^\uFEFF/, ""));
    } catch (error) {
      throw new WorkflowError("WORKFLOW_INVALID", `${quoted(name)} is not JSON: ${messageOf(error)}.`);
    }
    const found = parseWorkflows(value, name.replace(/\.json$/i, "") || "workflow").slice(0, MAX_IN_FILE);
    const added = found.map((loaded) => ({ key: `own:${++this.#count}`, isBundled: false, loaded }));
    this.#own = [...added, ...this.#own].slice(0, Math.max(MAX_OWN, added.length));
    return added;
  }
}

/** A workflow as the page offers it. */
export function offered({ key, isBundled, loaded }: ShelvedWorkflow) {
  const { workflow, title, format, input, dropped } = loaded;
  const { passedThrough } = resolveExecutors(loaded, { bundled: BUNDLED_NODES });
  return {
    ...{ key, isBundled, title, format },
    id: workflow.id,
    nodes: workflow.nodes.map(({ id, name, type = "default" }) => ({ id, name, type })),
    proposedNode: proposedNode(workflow),
    input: JSON.stringify(input, undefined, 2),
    notes: [...dropped, ...standInNotes(passedThrough)],
  };
}

const BUNDLED_NODES = createNodes({ llm: { baseUrl: "http://127.0.0.1", model: "" } });
