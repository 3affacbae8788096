import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { BROWSER_ARGUMENTS, findBrowser } from "tooling/find-browser";
import type { createInspector, InspectorOptions } from "../src/index.ts";

/** The path at which the inspectors of these tests are mounted. */
const BASE = "/admin/waymark";

/** The built package, as users have it. */
async function builtInspector(): Promise<typeof createInspector> {
  const built = new URL("../dist/index.js", import.meta.url).href;
  const module = (await import(built).catch((cause: unknown) => {
    throw new Error("These tests run on the built package. Build it: pnpm --filter @waymark/inspector run build", {
      cause,
    });
  })) as { createInspector: typeof createInspector };
  return module.createInspector;
}

/** An inspector that is mounted in a server of Hono on Node. */
export interface Mounted {
  /** The address of a place of the page. */
  at: (place?: string) => string;
  close: () => Promise<void>;
  /** Closes the server and its connections, and opens another one on the same port. */
  restart: (whileClosed: () => Promise<void>) => Promise<void>;
}

export async function mount(
  options: Omit<InspectorOptions, "authorize"> & Partial<InspectorOptions>,
): Promise<Mounted> {
  const inspector = (await builtInspector())({ basePath: BASE, authorize: () => ({ actions: true }), ...options });
  const app = new Hono()
    .all(`${BASE}/*`, (c) => inspector.fetch(c.req.raw))
    .all(BASE, (c) => inspector.fetch(c.req.raw));
  let server = await listen(0);
  const port = (server.address() as AddressInfo).port;

  function listen(on: number): Promise<ReturnType<typeof serve>> {
    return new Promise((resolve) => {
      const started = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: on }, () => resolve(started));
    });
  }

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
  }

  return {
    at: (place = "") => `http://127.0.0.1:${port}${BASE}/${place}`,
    close,
    restart: async (whileClosed) => {
      await close();
      await whileClosed();
      server = await listen(port);
    },
  };
}

let browser: Promise<Browser> | undefined;

/** A page in a new browser context, and what went wrong in it. */
export interface OpenedPage {
  page: Page;
  /** Errors of scripts, violations of the content security policy, and requests to anybody else. */
  problems: string[];
  clicks: () => number;
}

/** Opens an empty page. Its problems are collected; `expectedFailures` are those of requests that a test provokes. */
export async function openPage(options: BrowserContextOptions = {}): Promise<OpenedPage> {
  browser ??= findBrowser().then((executablePath) => chromium.launch({ executablePath, args: [...BROWSER_ARGUMENTS] }));
  const context = await (await browser).newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const problems: string[] = [];
  let clicks = 0;
  await page.exposeFunction("countClick", () => {
    clicks++;
  });
  await page.addInitScript("addEventListener('pointerdown', () => window.countClick(), true)");
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) problems.push(`asked for ${request.url()}`);
  });
  return { page, problems, clicks: () => clicks };
}

export async function hasFocus(locator: Locator): Promise<boolean> {
  return (await locator.and(locator.page().locator(":focus")).count()) === 1;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

const AXE = createRequire(import.meta.url).resolve("axe-core");

/** Returns what axe finds wrong with a page, and where. */
export async function axeProblems(page: Page): Promise<string[]> {
  // Added by the debugger, so that the page's own policy stays as it is.
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    );
  });
}
