import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import type { Dropped } from "./dropped.ts";
import type { N8nNode } from "./n8n-export.ts";

/** A node that is a part of another node's configuration: a model, a tool, a memory. */
export interface AttachedNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  attached?: Record<string, AttachedNode[]>;
}

/** A connection from a part to the node that it is plugged into. */
export interface Plug {
  from: N8nNode;
  kind: string;
}

/**
 * A part is copied into the data of every node that it is plugged into, so shared parts multiply. These limits apply to
 * a whole workflow: places, characters of the parameters, and levels.
 */
const MAX_PLACES = 10_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_LEVELS = 30;

/** Turns plugged-in nodes into data of the nodes that they are plugged into. */
export class Attachments {
  readonly #plugs: ReadonlyMap<N8nNode, readonly Plug[]>;
  readonly #dropped: Dropped;
  readonly #sizes = new Map<N8nNode, number>();
  #places = 0;
  #characters = 0;

  constructor(plugs: ReadonlyMap<N8nNode, readonly Plug[]>, dropped: Dropped) {
    this.#plugs = plugs;
    this.#dropped = dropped;
  }

  /**
   * Returns the parts that are plugged into a node, by kind, each with its own parts. Disabled parts are left out.
   *
   * @throws {WorkflowError} WORKFLOW_INVALID if there are too many places for parts
   */
  of(node: N8nNode, inside: ReadonlySet<N8nNode> = new Set([node])): Record<string, AttachedNode[]> | undefined {
    const byKind = new Map<string, AttachedNode[]>();
    for (const { from, kind } of this.#plugs.get(node) ?? []) {
      this.#count(from, inside.size);
      // A ring of plugs ends at the node where it began.
      if (inside.has(from)) continue;
      if (from.disabled) {
        this.#dropped.add("disabled parts, left out of the nodes that they are plugged into", from.name);
        continue;
      }
      const attached = this.of(from, new Set([...inside, from]));
      const part = { name: from.name, type: from.type, parameters: from.parameters, ...(attached && { attached }) };
      const parts = byKind.get(kind);
      if (parts === undefined) byKind.set(kind, [part]);
      else parts.push(part);
    }
    return byKind.size === 0 ? undefined : Object.fromEntries(byKind);
  }

  #count(part: N8nNode, level: number): void {
    const size = this.#sizes.get(part) ?? JSON.stringify(part.parameters).length;
    this.#sizes.set(part, size);
    this.#places += 1;
    this.#characters += size + part.name.length + part.type.length;
    if (this.#places <= MAX_PLACES && this.#characters <= MAX_CHARACTERS && level <= MAX_LEVELS) return;
    throw new WorkflowError(
      "WORKFLOW_INVALID",
      `Too many models and tools are plugged into each other, at ${quoted(part.name)}. The limits are ${MAX_LEVELS} ` +
        `levels, ${MAX_PLACES} places and ${MAX_CHARACTERS >> 20} MiB of parameters.`,
    );
  }
}
