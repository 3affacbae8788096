import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, run } from "../pnpm.ts";
import { BROWSER_ARGUMENTS, findBrowser } from "../test-servers/find-browser.ts";
import { freePort } from "../test-servers/free-port.ts";
import { startPostgres, type TestServer } from "../test-servers/index.ts";
import { createExampleProject, type ExampleProject } from "./packed/example-project.ts";

let example: ExampleProject;
let database: TestServer;
let browser: Browser;
let app: ChildProcess;
let url: string;

beforeAll(async () => {
  example = createExampleProject("nextjs");
  database = await startPostgres();
  const port = await freePort();
  url = `http://localhost:${port}`;
  const secrets = { CRON_SECRET: "cron", ADMIN_SECRET: "admin" };
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    NEXT_TELEMETRY_DISABLED: "1",
    NODE_ENV: "production",
    ...secrets,
  };
  const next = join(example.folder, "node_modules/next/dist/bin/next");
  run(process.execPath, [next, "build"], { cwd: example.folder, env });
  const stdio: StdioOptions = ["ignore", "pipe", "inherit"];
  app = spawn(process.execPath, [next, "start", "-p", String(port)], { cwd: example.folder, env, stdio });
  for await (const line of createInterface({ input: app.stdout as Readable })) if (line.includes("Ready")) break;
  browser = await chromium.launch({ executablePath: await findBrowser(), args: [...BROWSER_ARGUMENTS] });
}, 900_000);

afterAll(async () => {
  await browser?.close();
  if (app?.exitCode === null) {
    const exit = once(app, "exit");
    app.kill("SIGKILL");
    await exit;
  }
  await database?.stop();
  example?.remove();
});

test("type-checks on the packed packages", { timeout: 300_000 }, () => {
  example.tsc();
});

test("the nodes of the application's canvas light up as they are run", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  expect(await page.locator(".react-flow__node").count()).toBe(3);
  await page.getByRole("button", { name: "Order a book" }).click();
  await page.locator(".react-flow__node.done").first().waitFor();
  await expect.poll(() => page.locator(".react-flow__node.done").count(), { timeout: 60_000 }).toBe(3);
  await page.getByText("completed").waitFor();
  await page.close();
});

test("the cron route recovers for those who know its secret", async () => {
  expect((await fetch(`${url}/cron`)).status).toBe(401);
  const answer = await fetch(`${url}/cron`, { headers: { authorization: "Bearer cron" } });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toBeTypeOf("object");
});

test("the inspector is a route, for those who are allowed", async () => {
  expect((await fetch(`${url}/admin/waymark`)).status).toBe(403);
  const context = await browser.newContext();
  await context.addCookies([{ name: "admin", value: "admin", url }]);
  const page = await context.newPage();
  await page.goto(`${url}/admin/waymark`);
  await page
    .getByRole("link", { name: /^order:ada:/ })
    .first()
    .click();
  await page.locator(".react-flow__node").first().waitFor();
  expect(await page.locator(".react-flow__node").count()).toBe(3);
  await page.getByText("not running", { exact: true }).waitFor();
  await context.close();
});

const FILES = [
  "lib/workflows.ts",
  "app/orders/route.ts",
  "app/cron/route.ts",
  "lib/recovery.ts",
  "instrumentation.ts",
  "app/orders/[id]/events/route.ts",
];

test("the page shows its code", () => {
  const text = readFileSync(join(ROOT, "docs/nextjs.md"), "utf8");
  const fences = [...text.matchAll(/^```ts[^\n]*\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  // Modules of the application cannot be loaded by the tests of the page, so it shows them as comments.
  const shown = fences.map((code) => code.replaceAll(/^(\s*)\/\/ (import|await import)/gm, "$1$2").trim());
  for (const file of FILES) {
    expect(shown, file).toContain(readFileSync(join(ROOT, "examples/nextjs", file), "utf8").trim());
  }
});
