import { createWorkflowEngine, patch, subWorkflow, suspend, type WorkflowDefinition } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { afterAll, expect, it } from "vitest";
import { closeBrowser, mount, openPage } from "./browser-world.ts";

afterAll(closeBrowser);

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const chain = (...ids: string[]): WorkflowDefinition => ({
  id: "w",
  nodes: ids.map((id) => ({ id })),
  edges: ids.slice(1).map((target, index) => ({ source: ids[index] ?? "", target })),
});

/** An execution that has failed at its second node, which waits for `release` when it runs again. */
async function failedOnce() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isDown = true;
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    logger,
    workflows: [chain("first", "second", "third")],
    executors: {
      default: async ({ node }) => {
        if (node.id === "second") {
          if (isDown) throw new Error("down");
          await released;
        }
        return patch({ [node.id]: true });
      },
    },
  });
  await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "e" });
  isDown = false;
  return { engine, release };
}

it.each(["by the page", "by somebody else"])(
  "shows a failed execution live again once it is resumed %s",
  async (by) => {
    const { engine, release } = await failedOnce();
    const own = await mount({ engine });
    const { page, problems } = await openPage();
    await page.goto(own.at("execution?id=e"));
    await page.getByText("not running", { exact: true }).waitFor();
    const resumed = by === "by the page" ? undefined : engine.resumeWorkflow({ executionId: "e" });
    if (resumed === undefined) await page.getByRole("button", { name: "Resume" }).click();
    await page.locator(".badge", { hasText: "Running" }).waitFor();
    await page.getByText("live", { exact: true }).waitFor();
    release();
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    // A node without a name is called by its id, as in the graph.
    await page.getByRole("option", { name: /third/ }).waitFor();
    await resumed;
    expect(problems).toEqual([]);
    await own.close();
  },
);

it("offers to resume as soon as the owner is presumed dead", async () => {
  const { engine, release } = await failedOnce();
  const resumed = engine.resumeWorkflow({ executionId: "e" });
  const own = await mount({ engine });
  const { page } = await openPage();
  // The page gets a lease that ends two seconds after it was read.
  await page.route(/\/api\/progress/, async (route) => {
    const answer = await route.fetch();
    const json = (await answer.json()) as { execution: { readAt: string; leaseUntil?: string } };
    const { execution } = json;
    execution.leaseUntil &&= new Date(Date.parse(execution.readAt) + 2_000).toISOString();
    await route.fulfill({ response: answer, json });
  });
  await page.goto(own.at("execution?id=e"));
  await page.locator(".badge", { hasText: "Running" }).waitFor();
  expect(await page.getByRole("button", { name: "Resume" }).count()).toBe(0);
  await page.locator(".badge", { hasText: "Owner lost" }).waitFor();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await page.unrouteAll({ behavior: "wait" });
  release();
  await resumed;
  await own.close();
});

it("asks each question once in the inbox, and counts no sleep", async () => {
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    logger,
    workflows: [
      { id: "parent", nodes: [{ id: "call" }], edges: [] },
      { id: "child", nodes: [{ id: "ask", type: "ask", name: "Ask" }], edges: [] },
      { id: "sleeper", nodes: [{ id: "nap", type: "nap" }], edges: [] },
    ],
    executors: {
      default: subWorkflow({ workflowId: "child" }),
      ask: ({ resume }) => (resume === undefined ? suspend() : {}),
      nap: ({ resume }) => (resume === undefined ? suspend({ forMs: 3_600_000 }) : {}),
    },
  });
  await engine.executeWorkflow({ workflowId: "sleeper", userId: "u", executionId: "asleep" });
  const own = await mount({ engine });
  const { page } = await openPage();
  await page.goto(own.at("inbox"));
  await page.getByText("1 only sleep until a time.").waitFor();
  expect(await page.locator(".count").count()).toBe(0);
  await engine.executeWorkflow({ workflowId: "parent", userId: "u", executionId: "p" });
  await page.getByRole("heading", { name: "Ask waits for an answer" }).waitFor();
  expect(await page.getByRole("button", { name: "Answer" }).count()).toBe(1);
  await page.getByRole("link", { name: /Inbox 1/ }).waitFor();
  await page.getByRole("link", { name: "p", exact: true }).click();
  await page.getByRole("heading", { name: "p", exact: true }).waitFor();
  await own.close();
});

it("shows large maps and sets, spliced secrets, and which keys are new, whatever was cut", async () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  const wide = Object.fromEntries(numbers.map((n) => [`w${n}`, n]));
  const first = {
    map: new Map(numbers.map((n) => [BigInt(n), n])),
    set: new Set(numbers),
    secrets: ["s1", "s2", "s3"],
    wide,
    mine: { $type: "mine", kept: 1 },
  };
  const second = { secrets: ["s1", "s9"], wide: { ...wide, w199: "last" }, mine: { $type: "mine", kept: 2, added: 3 } };
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [chain("a", "b")],
    executors: { default: ({ node }) => patch(node.id === "a" ? first : second) },
  });
  await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "e" });
  const own = await mount({ engine, redact: ["secrets"] });
  const { page, problems } = await openPage();
  await page.goto(own.at("execution?id=e&seq=2"));
  const step = page.getByRole("region", { name: "Step 2" });
  const line = (text: string) => step.locator(".operation", { has: page.getByText(text, { exact: true }) });
  await line("secrets").getByText("removed").waitFor();
  expect(await line("wide.w199").getAttribute("class")).toContain("changed");
  expect(await line("mine.kept").getAttribute("class")).toContain("changed");
  expect(await line("mine.added").getAttribute("class")).toContain("added");
  await step.getByRole("button", { name: "After" }).click();
  await step.getByRole("button", { name: /^map: Map/ }).click();
  await step.getByText("1n ⇒").first().waitFor();
  expect(await step.getByText("the start of 200 entries").count()).toBe(3);
  await step.getByRole("button", { name: "Show more" }).first().click();
  await step.getByRole("button", { name: /^map: Map.* 200 entries/ }).waitFor();
  expect(problems).toEqual([]);
  await own.close();
});
