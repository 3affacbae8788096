import { type CheckpointStore, createWorkflowEngine, patch, WorkflowError, WorkflowState } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeProblems, closeBrowser, type Mounted, mount, openPage } from "./browser-world.ts";
import { CARD, newOrders } from "./orders.ts";

let orders: Awaited<ReturnType<typeof newOrders>>;
let mounted: Mounted;

beforeAll(async () => {
  orders = await newOrders();
  mounted = await mount({ engine: orders.engine, redact: ["password"] });
});

afterAll(async () => {
  await mounted.close();
  await closeBrowser();
});

describe.each([
  ["light", 1280],
  ["dark", 400],
] as const)("in %s colours, %i pixels wide", (colorScheme, width) => {
  it("no page has a violation that axe finds, and none is wider than the screen", async () => {
    const { page, problems } = await openPage({ colorScheme, viewport: { width, height: 900 } });
    const look = async () => {
      expect(await axeProblems(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    };
    await page.goto(mounted.at());
    await page.getByRole("link", { name: "order-1003" }).waitFor();
    await look();
    await page.goto(mounted.at("execution?id=order-1003"));
    await page.locator(".react-flow__node").first().waitFor();
    await page.getByRole("region", { name: "Step 4" }).waitFor();
    await look();
    await page.getByRole("button", { name: "Fork from here" }).click();
    await page.getByLabel("Input of the node").waitFor();
    await look();
    await page.goto(mounted.at("execution?id=order-1001&seq=1"));
    await page.getByText("9980n").waitFor();
    await look();
    await page.goto(mounted.at("inbox"));
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByLabel("Answer, as JSON").waitFor();
    await look();
    expect(problems).toEqual([]);
  });
});

it("shows ids and contexts as text, whatever they contain", async () => {
  const script = "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>";
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [
      { id: script, nodes: [{ id: script, name: script }, { id: "b" }], edges: [{ source: script, target: "b" }] },
    ],
    executors: {
      default: ({ node, executionId }) => {
        if (node.id === "b") throw Object.assign(new Error(script), { name: script });
        const long = executionId === script ? "x".repeat(10_000_000) : "short";
        return patch({ [script]: script, control: "a\u0000\u0007\u202eb", long, ["__proto__"]: { a: script } });
      },
    },
  });
  for (const executionId of [script, "..", "a/../b?c=d#e", "\u202egnp.exe", "a\u0007b"]) {
    await engine.executeWorkflow({ workflowId: script, userId: script, executionId, metadata: { [script]: script } });
  }
  const own = await mount({ engine });
  const { page, problems } = await openPage();
  await page.goto(own.at());
  await page.getByText("\\u202egnp.exe").waitFor();
  expect(await page.getByRole("row").count()).toBe(6);
  for (const name of [script, "..", "a/../b?c=d#e", "\\u202egnp.exe", "a\\u0007b"]) {
    await page.goto(own.at());
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, exact: true }).waitFor();
    await page.getByRole("option").nth(1).click();
    const step = page.getByRole("region", { name: "Step 1" });
    await step.getByText("control").waitFor();
    if (name === script) await step.getByText("the start of 10,000,000 characters").waitFor();
  }
  await page.getByText("a\\u0000\\u0007\\u202eb").waitFor();
  expect(await page.evaluate("'hacked' in window")).toBe(false);
  expect(problems).toEqual([]);
  await own.close();
});

it("opens 10,000 checkpoints of a context of 5 MB with few rows and bounded requests", async () => {
  const store = new MemoryCheckpointStore();
  const state = await WorkflowState.withStore(store).create("long", "u", { blob: "x".repeat(5_000_000), n: 0 }, 10_000);
  for (let n = 1; n <= 10_000; n++) {
    state.updateContext({ n });
    state.incrementStep();
    await state.createCheckpoint(`n${n % 7}`, "step");
  }
  await state.markCompleted();
  const own = await mount({ engine: createWorkflowEngine({ store, workflows: [], executors: {} }) });
  const { page } = await openPage();
  let bytes = 0;
  page.on("response", async (response) => {
    if (response.url().includes("/api/")) bytes += (await response.text().catch(() => "")).length;
  });
  await page.goto(own.at(`execution?id=${state.getExecutionId()}`));
  const rows = page.getByRole("option");
  await rows.first().waitFor();
  await page.getByText("the start of 5,000,000 characters").or(page.getByText("~")).first().waitFor();
  expect(await rows.count()).toBeLessThanOrEqual(100);
  expect(bytes).toBeLessThan(300_000);
  for (let scrolls = 0; scrolls < 5; scrolls++) {
    await page.evaluate("document.querySelector('[role=listbox]').scrollTo(0, 1e9)");
    await page.getByText(`${(200 + 100 * scrolls).toLocaleString("en-GB")} shown`).waitFor();
  }
  expect(await rows.count()).toBeLessThanOrEqual(100);
  expect(await page.locator("*").count()).toBeLessThan(1_500);
  expect(bytes).toBeLessThan(1_000_000);
  await own.close();
});

it("keeps what it shows while the server is away, and continues when it is back", async () => {
  const own = await mount({ engine: orders.engine });
  await orders.order("restarted", { items: [{ price: 5_000, count: 1 }], card: CARD });
  const { page } = await openPage();
  const change = page.waitForResponse((response) => response.url().includes("/api/change"));
  await page.goto(own.at("execution?id=restarted"));
  await page.getByText("live", { exact: true }).waitFor();
  // Also the parts that load on demand are there.
  await page.locator(".react-flow__node").first().waitFor();
  await change;
  await own.restart(async () => {
    await page.getByText("The server cannot be reached.").waitFor();
    expect(await page.getByRole("heading", { name: "restarted" }).isVisible()).toBe(true);
  });
  await page.getByText("The server cannot be reached.").waitFor({ state: "hidden" });
  await page.getByLabel("Answer, as JSON").fill("true");
  await page.getByRole("button", { name: "Send the answer" }).click();
  await page.locator(".badge", { hasText: "Due" }).waitFor();
  await own.close();
});

it("loads a part of the page again if the server was away when it was first wanted", async () => {
  const { page } = await openPage();
  const refused: string[] = [];
  let isAway = true;
  await page.route(/(graph-view|change-panel)[^/]*$/, (route) => {
    if (!isAway) return route.continue();
    refused.push(route.request().url());
    return route.abort("failed");
  });
  await page.goto(mounted.at("execution?id=order-1003"));
  const failed = page.getByRole("heading", { name: "This part could not be loaded" });
  await failed.nth(1).waitFor();
  expect(await page.getByRole("heading", { name: "order-1003" }).isVisible()).toBe(true);
  isAway = false;
  await page.locator(".react-flow__node").first().waitFor();
  await page.getByRole("region", { name: "Step 4" }).waitFor();
  expect(await failed.count()).toBe(0);
  expect(refused.length).toBeGreaterThanOrEqual(2);
});

it("shows how many jobs wait in the engine's queue", async () => {
  const dispatcher = { depth: async () => ({ ready: 1_234, delayed: 10, active: 2 }) };
  const own = await mount({ engine: { ...orders.engine, dispatcher } });
  const { page } = await openPage();
  await page.goto(own.at());
  await page.getByText("queue: 1,234 ready, 2 active, 10 delayed").waitFor();
  await own.close();
});

it("says that the store is away, and shows the list again when it is back", async () => {
  const { store } = await newOrders();
  let isAway = false;
  const flaky = new Proxy(store as CheckpointStore, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (isAway) return () => Promise.reject(new WorkflowError("STORE_UNAVAILABLE", "The store is away."));
      return member.bind(target);
    },
  });
  const own = await mount({
    engine: createWorkflowEngine({ store: flaky, workflows: [], executors: {}, storeRetryMs: 0 }),
  });
  const { page } = await openPage();
  isAway = true;
  await page.goto(own.at());
  await page.getByText("The executions cannot be shown").waitFor();
  await page.getByText("The store cannot be reached.").waitFor();
  isAway = false;
  await page.getByRole("link", { name: "order-1003" }).waitFor();
  await page.getByText("The store cannot be reached.").waitFor({ state: "hidden" });
  await own.close();
});

it("says so if there is nothing, nothing that meets the filters, or no such page", async () => {
  const own = await mount({
    engine: createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [], executors: {} }),
  });
  const { page } = await openPage();
  await page.goto(own.at());
  await page.getByText("No executions yet").waitFor();
  await page.goto(own.at("?status=failed"));
  await page.getByText("Nothing found").waitFor();
  await page.goto(own.at("inbox"));
  await page.getByText("Nothing waits for you").waitFor();
  await page.goto(own.at("execution"));
  await page.getByText("There is no such page").waitFor();
  await page.goto(own.at("execution?id=gone"));
  await page.getByText("There is no such execution").waitFor();
  await own.close();
});

it("offers a reader nothing but to look", async () => {
  const own = await mount({ engine: orders.engine, authorize: () => ({ userId: "ada" }) });
  const { page } = await openPage();
  await page.goto(own.at("execution?id=order-1003"));
  await page.getByRole("region", { name: "Step 4" }).waitFor();
  await page.getByText("read only").waitFor();
  for (const name of ["Resume", "Cancel", "Delete", "Fork from here"]) {
    expect(await page.getByRole("button", { name }).count()).toBe(0);
  }
  await own.close();
});

it("shows times in the zone of the viewer", async () => {
  const { page } = await openPage({ timezoneId: "Asia/Kolkata" });
  await page.goto(mounted.at("execution?id=order-1001"));
  const { createdAt } = (await orders.engine.inspectExecution({ executionId: "order-1001" })).execution;
  const shown = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
    timeZone: "Asia/Kolkata",
  });
  await page
    .getByText(shown.format(new Date(createdAt)))
    .first()
    .waitFor();
});
