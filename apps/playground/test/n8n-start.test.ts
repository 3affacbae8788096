import { describe, expect, it } from "vitest";
import { importN8n } from "../src/import/n8n.ts";
import { partFrom } from "../src/import/part-from.ts";
import { type ExportedNode, n8nExport } from "./n8n-export.ts";

const trigger = (name: string, fields: Partial<ExportedNode> = {}): ExportedNode => ({
  name,
  type: "n8n-nodes-base.webhook",
  ...fields,
});

/** Two triggers that lead to a node each, and to one together. */
const value = n8nExport(
  [trigger("Idle"), trigger("First"), trigger("Second"), "A", "B", "Both", "Alone"],
  [
    ["First", 0, "A"],
    ["Second", 0, "B"],
    ["A", 0, "Both"],
    ["B", 0, "Both"],
  ],
);
const run = (start?: string, given: unknown = value) => importN8n(given, { fallbackId: "file", start });

describe("the start of an n8n workflow", () => {
  it("is the first trigger that leads anywhere, and the others are listed", () => {
    expect(run().startAt).toBe("First");
    expect(run().dropped).toEqual([
      'never run, as in n8n, because no trigger leads to them: "Alone"',
      'one trigger starts a run, as in n8n: here it is "First". --start names another: "Idle", "Second"',
    ]);
  });

  it("is the node that the user names", () => {
    const { startAt, dropped } = run("Second");
    expect(startAt).toBe("Second");
    expect(dropped.join()).not.toContain("--start");
  });

  it("is not named if the workflow has no other", () => {
    expect(run(undefined, n8nExport([trigger("T"), "A"], [["T", 0, "A"]])).startAt).toBeUndefined();
    expect(run(undefined, n8nExport(["A", "B"])).startAt).toBeUndefined();
  });

  it("passes over a disabled trigger", () => {
    const off = n8nExport([trigger("Off", { disabled: true }), trigger("On"), "A"], [["On", 0, "A"]]);
    expect(run(undefined, off).startAt).toBeUndefined();
    expect(run(undefined, off).workflow.nodes.map(({ id }) => id)).toEqual(["On", "A"]);
  });

  it("has no connections that lead to it", () => {
    const back = n8nExport(
      [trigger("T"), "A", trigger("U")],
      [
        ["T", 0, "A"],
        ["A", 0, "T"],
      ],
    );
    const { workflow, unused, startAt } = run(undefined, back);
    expect(startAt).toBe("T");
    expect(workflow.edges.map(({ source }) => source)).toEqual(["T"]);
    expect(unused).toEqual([expect.objectContaining({ source: "A", target: "T" })]);
  });

  it.each([
    ["gone", /"gone" is not there\. The triggers are "Idle", "First", "Second"/],
    ["Off", /"Off" is disabled/],
    ["Behind", /"Behind" comes after disabled nodes only/],
  ])("cannot be %s", (start, message) => {
    const { nodes, connections } = value;
    const more = n8nExport([trigger("Off", { disabled: true }), "Behind"], [["Off", 0, "Behind"]]);
    const all = { nodes: [...nodes, ...more.nodes], connections: { ...connections, ...more.connections } };
    expect(() => run(start, all)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringMatching(message) }),
    );
  });

  it("gives an old executor only what it leads to", () => {
    const { workflow, startAt } = run();
    const cut = partFrom(workflow, startAt);
    expect(cut.nodes.map(({ id }) => id)).toEqual(["First", "A", "Both"]);
    expect(cut.edges.map(({ source, target }) => `${source}>${target}`)).toEqual(["First>A", "A>Both"]);
  });
});
