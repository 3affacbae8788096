import { describe, expect, it } from "vitest";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const nodes = `
  import { suspend } from ${JSON.stringify(import.meta.resolve("@waymark/core"))};
  export const executors = {
    "acme.step": ({ context, node }) => ({ ...context, [node.id]: true }),
    "acme.approve": () => suspend({ reason: "approval by a \\u001b manager", forMs: 3_600_000, payload: "for their eyes" }),
  };`;

const flow = canvas([
  ["a", "acme.step"],
  ["approve", "acme.approve"],
  ["c", "acme.step"],
]);

describe("compare, with a node that suspends", () => {
  it("exits with 1, and names the node that waits, its reason and its end, without the token and the payload", async () => {
    await using folder = await folderWith({ "flow.json": flow, "nodes.mjs": nodes });
    const args = ["compare", "flow.json", "--executors", "nodes.mjs"];
    const { code, report } = await runCli([...args, "--json"], { cwd: folder.path });
    expect(code).toBe(1);
    const [workflow] = report().workflows;
    expect(workflow).toMatchObject({ outputsEqual: false, nodes: { run: 1 }, checkpoints: 1, interruptions: [] });
    expect(workflow?.difference).toMatch(
      /^V1 failed: .*cannot suspend.*\nV2 waits for an answer: node "approve" \(approval by a .* manager, until \S+Z\)$/,
    );
    const { stdout } = await runCli(args, { cwd: folder.path });
    expect(stdout).toContain("there is nothing to compare");
    expect(stdout).toContain('V2 waits for an answer: node "approve"');
    expect(stdout).not.toContain("\u001b");
  });
});
