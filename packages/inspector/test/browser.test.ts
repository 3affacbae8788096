import { createWorkflowEngine, patch } from "@waymark/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeBrowser, hasFocus, type Mounted, mount, openPage } from "./browser-world.ts";
import { CARD, newOrders, ORDER } from "./orders.ts";

let orders: Awaited<ReturnType<typeof newOrders>>;
let mounted: Mounted;

beforeAll(async () => {
  orders = await newOrders({ count: 60 });
  mounted = await mount({ engine: orders.engine, redact: ["password", "apiKey"] });
});

afterAll(async () => {
  await mounted.close();
  await closeBrowser();
});

const stateOf = async (id: string) => (await orders.engine.getExecutionState(id)).getStatus();

it("a browser loads at most 180 KB to show the list, and 300 KB to show everything", async () => {
  const { page } = await openPage();
  const loading: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (!request.url().includes("/api/"))
      loading.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  const loaded = async () => (await Promise.all(loading)).reduce((sum, bytes) => sum + bytes, 0);
  await page.goto(mounted.at());
  await page.getByRole("link", { name: "order-1003" }).waitFor();
  expect(await loaded()).toBeGreaterThan(50_000);
  expect(await loaded()).toBeLessThan(180_000);
  await page.getByRole("link", { name: "order-1003" }).click();
  await page.locator(".react-flow__node").first().waitFor();
  await page.getByRole("region", { name: "Step 4" }).waitFor();
  expect(await loaded()).toBeLessThan(300_000);
});

describe("a person", () => {
  it("finds a failed execution, sees why, and forks it with a mended input, in at most six clicks", async () => {
    const { page, problems, clicks } = await openPage();
    await page.goto(mounted.at());
    await page.getByRole("button", { name: "Failed" }).click();
    const row = page.getByRole("row", { name: /order-1003/ });
    await row.getByText("Charge the card").waitFor();
    await row.getByText("The card was declined").waitFor();
    await row.getByRole("link").click();

    const failure = page.getByRole("region", { name: "Failed" });
    await failure.getByText('"4242-declined" is no card number', { exact: true }).waitFor();
    await failure.getByText("CARD_FORMAT").waitFor();
    const step = page.getByRole("region", { name: "Step 4" });
    await step.getByText('"4242-declined"').waitFor();
    expect(await page.content()).not.toContain("hunter2");

    await step.getByRole("button", { name: "Fork from here" }).click();
    const dialog = page.getByRole("dialog", { name: "Fork before Charge the card" });
    const editor = dialog.getByLabel("Input of the node");
    await editor.fill((await editor.inputValue()).replace("4242-declined", CARD));
    await dialog.getByRole("button", { name: "Fork", exact: true }).click();

    await page.getByText("Forked from").waitFor();
    await page.getByRole("button", { name: "Run now" }).click();
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    expect(clicks()).toBeLessThanOrEqual(6);

    const fork = new URL(page.url()).searchParams.get("id") ?? "";
    const state = await orders.engine.getExecutionState(fork);
    expect(state.getContext()).toMatchObject({ payment: { id: "pay_1" }, password: "hunter2", cents: 9980n });
    expect(await stateOf("order-1003")).toBe("failed");
    await page.getByRole("region", { name: "Related executions" }).getByRole("link", { name: "order-1003" }).click();
    await page.getByRole("heading", { name: "order-1003" }).waitFor();
    await page.getByRole("region", { name: "Related executions" }).getByRole("link", { name: fork }).waitFor();
    expect(problems).toEqual([]);
  });

  it("goes back to the same filters and the same page of the list", async () => {
    const { page } = await openPage();
    await page.goto(mounted.at());
    await page.getByRole("button", { name: "Completed" }).click();
    await page.getByLabel("Workflow").fill("order");
    await page.getByLabel("Workflow").press("Enter");
    await page.getByRole("link", { name: "Next page" }).click();
    await page.getByRole("link", { name: "First page" }).waitFor();
    const address = page.url();
    await page
      .getByRole("row", { name: /order-old-0003/ })
      .getByRole("link")
      .click();
    await page.getByRole("heading", { name: "order-old-0003" }).waitFor();
    await page.goBack();
    await page.getByRole("row", { name: /order-old-0003/ }).waitFor();
    expect(page.url()).toBe(address);
    expect(await page.getByLabel("Workflow").inputValue()).toBe("order");
    expect(await page.getByRole("button", { name: "Completed" }).getAttribute("aria-pressed")).toBe("true");
  });

  it("answers what waits in the inbox, and sees it continue", async () => {
    const { page, problems } = await openPage();
    await page.goto(mounted.at("inbox"));
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText('"Barbara"').waitFor();
    await page.getByLabel("Answer, as JSON").fill("{");
    await page.getByText("This is not JSON").waitFor();
    expect(await page.getByRole("button", { name: "Send the answer" }).isDisabled()).toBe(true);
    await page.getByLabel("Answer, as JSON").fill('{ "by": "Ada" }');
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByText("Answered Approval. The execution is due.").waitFor();
    await page.getByText("Nothing waits for you").waitFor();
    await orders.engine.recoverExecutions();
    expect((await orders.engine.getExecutionState("order-1004")).getContext().approval).toEqual({ by: "Ada" });
    expect(problems).toEqual([]);
  });

  it("sees an execution change without loading the page again, and cancels it", async () => {
    await orders.order("order-2001", { items: [{ price: 5_000, count: 1 }], card: CARD });
    await orders.order("order-2002", { items: [{ price: 5_000, count: 1 }], card: CARD });
    const { page, problems } = await openPage();
    await page.goto(mounted.at("execution?id=order-2001"));
    await page.getByText("live", { exact: true }).waitFor();
    await orders.engine.resumeWorkflow({ executionId: "order-2001", data: true });
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    await page.getByRole("option", { name: /Ship/ }).waitFor();

    await page.goto(mounted.at("execution?id=order-2002"));
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Reason, if you like").fill("a test");
    await page.getByRole("button", { name: "Cancel the execution" }).click();
    await page.locator(".badge", { hasText: "Cancelled" }).waitFor();
    expect((await orders.engine.getExecutionState("order-2002")).getFailure()?.message).toContain("a test");
    expect(problems).toEqual([]);
  });

  it("shares a link that leads to the same step, and sees exact values there", async () => {
    const { page } = await openPage();
    await page.goto(mounted.at("execution?id=order-1001"));
    await page.getByRole("option", { name: /Price the order/ }).click();
    await page.getByRole("region", { name: "Step 1" }).waitFor();
    const other = await openPage();
    await other.page.goto(page.url());
    const step = other.page.getByRole("region", { name: "Step 1" });
    await step.getByText("9980n").waitFor();
    await step.getByText("2026-11-01T08:30:00.000Z").waitFor();
    await step.getByText("Map").waitFor();
    expect(await other.page.getByRole("option", { selected: true }).textContent()).toContain("Price the order");
    await other.page.getByRole("option", { name: /Check stock/ }).click();
    await other.page.getByRole("region", { name: "Step 2" }).getByText("warehouse").first().click();
    await other.page.getByText("-0").waitFor();
  });

  it("works with the keyboard only", async () => {
    const { page, clicks } = await openPage();
    await page.goto(mounted.at());
    const link = page.getByRole("row", { name: /order-1003/ }).getByRole("link");
    await link.waitFor();
    for (let presses = 0; !(await hasFocus(link)); presses++) {
      expect(presses).toBeLessThan(150);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("listbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("region", { name: "Step 3" }).waitFor();
    await page.keyboard.press("End");
    await page.getByRole("region", { name: "Step 0" }).waitFor();
    await page.keyboard.press("Home");
    await page.locator(".react-flow__node", { hasText: "Check stock" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Step 2" }).waitFor();
    await page.locator(".react-flow__node", { hasText: "Charge the card" }).focus();
    await page.keyboard.press("Enter");
    const fork = page.getByRole("region", { name: "Step 4" }).getByRole("button", { name: "Fork from here" });
    await fork.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await hasFocus(fork)).toBe(true);
    expect(clicks()).toBe(0);
  });
});

it("resumes with the mended definition, and says before what has changed", async () => {
  const { store, engine } = await newOrders();
  const nodes = ORDER.nodes.map((node) => (node.id === "charge" ? { ...node, type: "free" } : node));
  const mended = createWorkflowEngine({
    store,
    workflows: [{ ...ORDER, nodes }],
    executors: (type) => (type === "free" ? () => patch({ payment: "free" }) : () => ({})),
  });
  const own = await mount({ engine: mended });
  const { page, problems } = await openPage();
  await page.goto(own.at("execution?id=order-1003"));
  await page.getByRole("button", { name: "Resume" }).click();
  const dialog = page.getByRole("dialog", { name: "Resume" });
  await dialog.getByText("changed nodes").waitFor();
  expect(await dialog.getByRole("definition").allTextContents()).toEqual(["charge"]);
  await dialog.getByRole("button", { name: "Resume" }).click();
  await page.locator(".badge", { hasText: "Completed" }).waitFor();
  expect((await engine.getExecutionState("order-1003")).getStatus()).toBe("completed");
  expect(problems).toEqual([]);
  await own.close();
});

it("deletes an execution, and says so to one who still looks at it", async () => {
  await orders.order("order-3001", { items: [], card: CARD });
  const [mine, other] = [await openPage(), await openPage()];
  for (const { page } of [mine, other]) {
    await page.goto(mounted.at("execution?id=order-3001"));
    await page.getByRole("option", { name: /Ship/ }).waitFor();
  }
  await mine.page.getByRole("button", { name: "Delete" }).click();
  await mine.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await mine.page.getByRole("heading", { name: "Executions" }).waitFor();
  await other.page.reload();
  await other.page.getByText("There is no such execution").waitFor();
});
