import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeProblems,
  closeBrowser,
  hasFocus,
  type OpenedPage,
  openPage,
} from "../../../packages/inspector/test/browser-world.ts";
import { startOwnRedis } from "../../../tooling/test-servers/index.ts";
import type { RolloutView } from "../src/serve/rollout-view.ts";
import { N8N } from "./n8n-page-export.ts";
import { folderWithPGlite } from "./run-cli.ts";
import { served } from "./served.ts";
import { startServing } from "./start-serving.ts";

type Page = OpenedPage["page"];
type Locator = ReturnType<Page["locator"]>;

/** Milliseconds for what processes do: they start, and they wait for a lease. */
const LONG = 60_000;

let server: Awaited<ReturnType<typeof served>>;
beforeAll(async () => {
  server = await served();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** Opens a page that waits for processes. */
async function openPatientPage() {
  const opened = await openPage();
  opened.page.setDefaultTimeout(LONG);
  return opened;
}

it("comes from the address that the command prints to a resumed row, in at most six clicks", async () => {
  await using folder = await folderWithPGlite(["page"]);
  const args = ["compare", "-w", "support-triage", "--once", "--store", "memory", "--serve", "--port", "0"];
  const { url, child, ended } = await startServing(args, folder.path);
  try {
    const { page, problems, clicks } = await openPatientPage();
    await page.goto(url);
    await page.getByLabel("What goes wrong").selectOption("fail");
    await page.getByRole("button", { name: "Run both" }).click();
    const v2 = page.getByRole("region", { name: "V2" });
    await v2.getByText("resumes from the last checkpoint").waitFor();
    await page.getByRole("link", { name: "Open V2 in the inspector" }).click();
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    await page.getByRole("option").first().waitFor();
    // The list of what goes wrong takes two clicks, which selectOption does not make.
    expect(clicks()).toBe(2);
    expect(clicks() + 2).toBeLessThanOrEqual(6);
    expect(problems).toEqual([]);
  } finally {
    child.kill("SIGINT");
    await ended;
  }
});

/** Whether the element that has the focus can be seen, and it or what it consists of is marked. */
const SHOWS_FOCUS = `(() => {
  // Between the last element and the first one.
  if (document.activeElement === document.body) return true;
  const { width, height } = document.activeElement.getBoundingClientRect();
  const isMarked = (element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
  };
  return width > 0 && height > 0 && [document.activeElement, ...document.activeElement.children].some(isMarked);
})()`;

/** Presses the tab key until an element has the focus. Each one before has to show that it has it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 80; presses++) {
    if (await hasFocus(target)) return;
    await page.keyboard.press("Tab");
    if ((await page.evaluate(SHOWS_FOCUS)) !== true) {
      throw new Error(`Nothing shows the focus: ${await page.evaluate("document.activeElement.outerHTML")}`);
    }
  }
  throw new Error("The tab key does not lead there.");
}

it("by keyboard alone chooses, runs, kills, sees V2 recovered, and opens its row in the inspector", async () => {
  const { page, problems, clicks } = await openPatientPage();
  await page.goto(server.url);
  await tabTo(page, page.getByRole("radio", { checked: true }));
  await page.keyboard.press("ArrowDown");
  await page.getByRole("radio", { name: "Price update", checked: true }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.getByRole("radio", { name: "Order fulfilment", checked: true }).waitFor();
  // So slow that the run still goes on when the tab key has led to its button.
  const pace = page.getByLabel("Pace");
  await tabTo(page, pace);
  await page.keyboard.press("ArrowDown");
  expect(await pace.inputValue()).toBe("1000");
  await tabTo(page, page.getByRole("button", { name: "Run both" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Order fulfilment" }).waitFor();
  const v2 = page.getByRole("region", { name: "V2" });
  await v2.locator(".step.done").nth(2).waitFor();
  expect(await page.locator(".side .react-flow").count()).toBe(2);
  await tabTo(page, page.getByRole("button", { name: "kill -9 now" }));
  await page.keyboard.press("Enter");
  await v2.getByText("was killed with SIGKILL").waitFor();
  await v2.getByText("only looks for executions whose owner is gone").waitFor();
  await v2.getByText("completed the workflow").waitFor();
  await page.getByText("The outputs are equal.").waitFor();
  await page.getByText("V1 and V2 have come to the same output.").waitFor();
  // The node that the kill cut off, if it was not between two.
  const again = await v2.locator(".counter", { hasText: "nodes run again" }).locator("dd").textContent();
  expect(["0", "1"]).toContain(again);
  // Nothing holds the focus: it comes by the graphs and the outputs, and to the beginning again.
  await tabTo(page, page.getByRole("region", { name: "Outputs" }).getByRole("button").last());
  await tabTo(page, page.getByRole("link", { name: "Open V2 in the inspector" }));
  await page.keyboard.press("Enter");
  await page.locator(".badge", { hasText: "Completed" }).waitFor();
  expect(clicks()).toBe(0);
  expect(problems).toEqual([]);
});

it("chooses a server by its address and a node to be killed at, and finds the row in the inspector", async () => {
  const { url, stop } = await startOwnRedis();
  try {
    const { page, problems } = await openPatientPage();
    await page.goto(server.url);
    const disturbance = page.getByLabel("What goes wrong");
    await disturbance.selectOption("kill");
    await page.getByLabel("Node", { exact: true }).selectOption("charge");
    const store = page.getByLabel("Checkpoints are kept in");
    await store.selectOption("memory");
    expect(await disturbance.inputValue()).toBe("none");
    expect(await page.getByLabel("Moment").count()).toBe(0);
    await store.selectOption("redis");
    expect(await disturbance.inputValue()).toBe("kill");
    await page.getByLabel("Pace").selectOption("0");
    await page.getByRole("button", { name: "Run both" }).click();
    await page.getByText("redis needs the server's address.").waitFor();
    await page.getByLabel("Address of the server").fill(url);
    await page.getByRole("button", { name: "Run both" }).click();
    const v2 = page.getByRole("region", { name: "V2" });
    await v2.getByText("only looks for executions whose owner is gone").waitFor();
    await page.getByText("The outputs are equal.").waitFor();
    await page.getByRole("link", { name: "Open V2 in the inspector" }).click();
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    await stop();
  }
});

it("drops an n8n export, and sees what is left out; a file that is none is refused in words", async () => {
  const { page, problems } = await openPage();
  await page.goto(server.url);
  const file = (name: string, text: string) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  const chooser = page.locator('input[type="file"]');
  await chooser.setInputFiles(file("broken.json", "{"));
  await page.getByText("is not JSON").waitFor();
  await chooser.setInputFiles(file("crm.json", JSON.stringify(N8N)));
  await page.getByText(/passed through: .*n8n-nodes-base\.slack/).waitFor();
  await page.getByText("Its nodes run for real").waitFor();
  expect(problems).toEqual([]);
});

describe("light and 1280 pixels wide, dark and 400", () => {
  // Colours do not depend on the width, so two looks have them all.
  const LOOKS = [
    { colorScheme: "light", viewport: { width: 1280, height: 900 } },
    { colorScheme: "dark", viewport: { width: 400, height: 900 } },
  ] as const;
  let pages: { look: string; width: number; page: Page; problems: string[] }[];
  beforeAll(async () => {
    pages = await Promise.all(
      LOOKS.map(async (look) => ({
        ...(await openPage(look)),
        ...{ look: JSON.stringify(look), width: look.viewport.width },
      })),
    );
    for (const { page } of pages) page.setDefaultTimeout(LONG);
  });

  /** Opens a place in every look, and expects it to be accessible and to fit. */
  async function inEveryLook(place: string, isThere: (page: Page) => Promise<unknown>): Promise<void> {
    await Promise.all(pages.map(({ page }) => page.goto(server.url + place).then(() => isThere(page))));
    for (const { look, width, page, problems } of pages) {
      expect(await axeProblems(page), look).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth"), look).toBeLessThanOrEqual(width);
      expect(problems, look).toEqual([]);
    }
  }

  const drawn = (page: Page) => page.locator(".side .react-flow__node").last().waitFor();

  it("finds nothing that axe minds before a run, while it runs, at its end, and after a failure", async () => {
    await inEveryLook("", (page) => page.getByRole("button", { name: "Run both" }).waitFor());
    // With all of its fields.
    await inEveryLook("", async (page) => {
      await page.getByLabel("What goes wrong").selectOption("kill");
      await page.getByLabel("Checkpoints are kept in").selectOption("redis");
      await page.getByLabel("Moment").waitFor();
    });

    const id = await server.start({ paceMs: 5_000 });
    await server.until(id, ({ v2 }) => v2.running.length > 0);
    await inEveryLook(`run?id=${id}`, async (page) => {
      await drawn(page);
      await page.getByRole("button", { name: "kill -9 now" }).waitFor();
    });
    expect(await pages[0]?.page.getByRole("button", { name: "kill -9 now" }).count()).toBe(1);
    // It would take a minute.
    await server.restart(async () => undefined);

    const failed = { store: { name: "memory" }, disturbance: { kind: "fail", nodeId: "charge" } };
    const failedId = await server.start(failed);
    await server.until(failedId, ({ isOver }) => isOver);
    await inEveryLook(`run?id=${failedId}`, async (page) => {
      await drawn(page);
      await page.getByText("There are not two outputs to compare.").waitFor();
      await page.getByText("Not both have completed the workflow.").waitFor();
    });
    const endedId = await server.start();
    await server.until(endedId, ({ isOver }) => isOver);
    await inEveryLook(`run?id=${endedId}`, async (page) => {
      await drawn(page);
      await page.getByText("V1 and V2 have come to the same output.").waitFor();
    });
  });

  it("shows the rollout, which runs once at a time, and its report", async () => {
    await inEveryLook("rollout", (page) => page.getByRole("button", { name: "Run the rollout" }).waitFor());
    const [first, ...others] = pages.map(({ page }) => page);
    await first?.getByRole("button", { name: "Run the rollout" }).click();
    await first?.getByRole("button", { name: "It runs" }).waitFor();
    await server.post("api/rollout", {});
    for (const page of others) await page.reload();
    await first?.getByText("The bug was found, and every order was charged once").waitFor({ timeout: 2 * LONG });
    const { lines, report } = await server.get<RolloutView>("api/rollout");
    expect(lines.filter((line) => line === lines[0])).toHaveLength(1);
    const rows = first?.getByRole("region", { name: "Phases" }).getByRole("row");
    expect(await rows?.count()).toBe(1 + (report?.phases.length ?? 0));
    expect(report?.phases.length).toBeGreaterThan(1);
    await inEveryLook("rollout", (page) => page.getByRole("region", { name: "Phases" }).waitFor());
  });
});

it("keeps a form and a run on the page while the server is away, and says if a new one lacks the run", async () => {
  const away = "The server cannot be reached.";
  const [form, run] = await Promise.all([openPatientPage(), openPatientPage()]);
  const id = await server.start({ paceMs: 5_000 });
  await Promise.all([form.page.goto(server.url), run.page.goto(`${server.url}run?id=${id}`)]);
  await form.page.getByLabel("Input, as JSON").fill('{ "orderId": "kept" }');
  await run.page.getByRole("button", { name: "kill -9 now" }).waitFor();
  await run.page.locator(".side .react-flow__node").last().waitFor();
  await server.until(id, ({ v2 }) => v2.running.length > 0);
  await server.restart(async () => {
    for (const { page } of [form, run]) await page.getByText(away).waitFor();
    expect(await run.page.getByRole("region", { name: "V2" }).isVisible()).toBe(true);
    await form.page.getByRole("button", { name: "Run both" }).click();
    await form.page.getByRole("alert").getByText(away).waitFor();
  });
  await run.page.getByText("The server was started anew and no longer has this run.").waitFor();
  for (const { page } of [form, run]) await page.locator(".banner").waitFor({ state: "detached" });
  expect(await run.page.getByRole("region", { name: "V2" }).isVisible()).toBe(true);
  expect(await run.page.getByRole("button", { name: "kill -9 now" }).count()).toBe(0);
  expect(await axeProblems(run.page)).toEqual([]);
  // Its row is still in the store of the server.
  await run.page.getByRole("link", { name: "Open V2 in the inspector" }).click();
  await run.page.locator(".badge").first().waitFor();
  expect(await form.page.getByLabel("Input, as JSON").inputValue()).toContain("kept");
  await form.page.getByRole("button", { name: "Run both" }).click();
  await form.page.getByText("The outputs", { exact: false }).first().waitFor();
  expect([...form.problems, ...run.problems]).toEqual([]);
});
