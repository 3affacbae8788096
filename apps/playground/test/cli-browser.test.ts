import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeProblems, closeBrowser, openPage } from "../../../packages/inspector/test/browser-world.ts";
import { N8N } from "./n8n-page-export.ts";
import { served } from "./served.ts";

let server: Awaited<ReturnType<typeof served>>;
beforeAll(async () => {
  server = await served();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

describe("a person", () => {
  it("compares, kills, sees V2 recovered, and opens its row in the inspector, in at most six clicks", async () => {
    const { page, problems, clicks } = await openPage();
    page.setDefaultTimeout(60_000);
    await page.goto(server.url);
    await page.getByRole("button", { name: "Run both" }).click();
    const v2 = page.getByRole("region", { name: "V2" });
    await v2.locator(".step.done").nth(2).waitFor();
    expect(await page.locator(".side .react-flow").count()).toBe(2);
    await page.getByRole("button", { name: "kill -9 now" }).click();
    await v2.getByText("was killed with SIGKILL").waitFor();
    await v2.getByText("only looks for executions whose owner is gone").waitFor();
    await v2.getByText("completed the workflow").waitFor();
    await page.getByText("The outputs are equal.").waitFor({ timeout: 60_000 });
    await page.getByText("V1 and V2 have come to the same output.").waitFor();
    expect(await v2.locator(".counter", { hasText: "nodes run again" }).locator("dd").textContent()).toBe("0");
    await page.getByRole("link", { name: "Open V2 in the inspector" }).click();
    await page.locator(".badge", { hasText: "Completed" }).waitFor();
    await page.getByRole("option").first().waitFor();
    expect(clicks()).toBeLessThanOrEqual(6);
    expect(problems).toEqual([]);
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

  it.each(["light", "dark"] as const)("finds nothing that axe minds, %s and at 400 px", async (colorScheme) => {
    const { page, problems } = await openPage({ colorScheme, viewport: { width: 400, height: 800 } });
    await page.goto(server.url);
    await page.getByRole("button", { name: "Run both" }).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    const id = await server.start();
    await server.until(id, ({ isOver }) => isOver);
    await page.goto(`${server.url}run?id=${id}`);
    await page.getByRole("region", { name: "Outputs" }).waitFor();
    await page.locator(".react-flow__node").first().waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
    expect(problems).toEqual([]);
  });

  it("keeps the run on the page while the server is away, and reads that a new one does not have it", async () => {
    const first = await served();
    const { page } = await openPage();
    try {
      const id = await first.start({ paceMs: 2_000 });
      await page.goto(`${first.url}run?id=${id}`);
      await page.getByRole("button", { name: "kill -9 now" }).waitFor();
    } finally {
      await first[Symbol.asyncDispose]();
    }
    await page.getByText("The server cannot be reached.").waitFor();
    await using _ = await served(Number(new URL(first.url).port));
    await page.getByText("The server was started anew and no longer has this run.").waitFor();
    expect(await page.getByText("The server cannot be reached.").count()).toBe(0);
    expect(await page.getByRole("region", { name: "V2" }).isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "kill -9 now" }).count()).toBe(0);
    expect(await axeProblems(page)).toEqual([]);
  });
});
