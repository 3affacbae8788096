import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { resolveExecutors } from "../compare/executor-table.ts";
import { standInNotes } from "../compare/stand-in-notes.ts";
import { bundledIds, readBundled } from "../import/bundled.ts";
import { parseJson } from "../import/json-file.ts";
import { type LoadedWorkflow, parseWorkflows } from "../import/workflow-file.ts";
import { createNodes } from "../nodes/nodes.ts";
import { messageOf } from "../values/message-of.ts";
import { type DroppedFile, DroppedFiles } from "./dropped-files.ts";
import { proposedNode } from "./proposed-node.ts";

/** The workflows of dropped files that are kept. */
const MAX_OWN = 20;
/** The most workflows that are taken from one file. */
const MAX_IN_FILE = 50;

/** A workflow that can be run. */
export interface ShelvedWorkflow {
  key: string;
  isBundled: boolean;
  loaded: LoadedWorkflow;
}

/** A workflow of a dropped file. */
interface OwnWorkflow extends ShelvedWorkflow {
  /** The number of its file. */
  file: number;
}

/** What a shelf is made with. */
export interface ShelfOptions {
  /** The folder of the dropped files. */
  folder: string;
  /** Takes the errors of files that cannot be kept or read. The page continues without them. */
  onError: (error: unknown) => void;
}

/** The workflows that the page offers: the bundled ones, and those of dropped files, also of those before a start. */
export class WorkflowShelf {
  readonly #bundled: readonly ShelvedWorkflow[];
  readonly #files: DroppedFiles;
  readonly #onError: (error: unknown) => void;
  #own: OwnWorkflow[] = [];
  #lastFile = 0;

  private constructor(bundled: readonly LoadedWorkflow[], { folder, onError }: ShelfOptions) {
    this.#bundled = bundled.map((loaded) => ({ key: `bundled:${loaded.workflow.id}`, isBundled: true, loaded }));
    this.#files = new DroppedFiles(folder);
    this.#onError = onError;
  }

  static async open(options: ShelfOptions): Promise<WorkflowShelf> {
    const shelf = new WorkflowShelf(await readBundled(await bundledIds()), options);
    for (const file of await shelf.#files.read(options.onError)) {
      try {
        shelf.#put(file);
      } catch (error) {
        options.onError(error);
      }
    }
    return shelf;
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
   * Takes the workflows of a file, and keeps the file. It is data: nothing of it runs before somebody runs the workflow.
   *
   * - The workflows of the newest files are kept, up to 20; those of one file all are.
   *
   * @throws {WorkflowError} as the command line's import of a file
   */
  async add(name: string, text: string): Promise<ShelvedWorkflow[]> {
    const file = { number: this.#lastFile + 1, name, text };
    const before = this.#own;
    const added = this.#put(file);
    const gone = new Set(before.map((each) => each.file));
    for (const each of this.#own) gone.delete(each.file);
    try {
      await this.#files.keep(file);
      for (const number of gone) await this.#files.remove(number);
    } catch (error) {
      this.#onError(error);
    }
    return added;
  }

  /** Puts the workflows of a file on the shelf. Their keys are the same after a start. */
  #put({ number, name, text }: DroppedFile): OwnWorkflow[] {
    let value: unknown;
    try {
      value = parseJson(text.replace(/^\uFEFF/, ""));
    } catch (error) {
      throw new WorkflowError("WORKFLOW_INVALID", `${quoted(name)} is not JSON: ${messageOf(error)}.`);
    }
    const found = parseWorkflows(value, name.replace(/\.json$/i, "") || "workflow").slice(0, MAX_IN_FILE);
    const added = found.map((loaded, index) => ({
      ...{ key: `own:${number}.${index}`, file: number },
      ...{ isBundled: false, loaded },
    }));
    this.#lastFile = Math.max(this.#lastFile, number);
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
