import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GROUPS } from "../../docs/.vitepress/pages.ts";
import { type ServedSite, serveSite } from "../docs/serve-site.ts";
import { deadLinks } from "../docs/site-links.ts";
import { publicPackages } from "../packing/public-packages.ts";
import { ROOT } from "../pnpm.ts";
import { BROWSER_ARGUMENTS, findBrowser } from "../test-servers/find-browser.ts";

const DOCS = join(ROOT, "docs");
const SITE = join(DOCS, ".vitepress/dist");
const pages = GROUPS.flatMap((group) => group.pages);

/** Runs a program in docs/, and returns all that it printed. */
function printed(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: DOCS, encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

let output: string;

beforeAll(() => {
  output = printed(".vitepress/reference.ts");
  output += printed("node_modules/vitepress/bin/vitepress.js", "build");
}, 300_000);

describe("the docs site", () => {
  test("is built without a warning", () => {
    expect(output).toContain("build complete");
    expect(output).not.toMatch(/warn|\(!\)/i);
  });

  test("has no dead link, also not to a heading", () => {
    expect(deadLinks(SITE)).toEqual([]);
  });

  test("has every page of docs/ in its sidebar", () => {
    const files = globSync("{,fr/}[a-z]*.md", { cwd: DOCS }).map((file) => file.slice(0, -3).replaceAll("\\", "/"));
    expect(files.filter((page) => page !== "index" && !pages.includes(page))).toEqual([]);
    expect(pages.filter((page) => !existsSync(join(SITE, `${page}.html`)))).toEqual([]);
  });

  test("has each page as Markdown, and llms.txt, which links all of them", () => {
    const index = readFileSync(join(SITE, "llms.txt"), "utf8");
    const full = readFileSync(join(SITE, "llms-full.txt"), "utf8");
    for (const page of pages) {
      expect(index).toContain(`](/${page}.md): `);
      const markdown = readFileSync(join(SITE, `${page}.md`), "utf8");
      expect(markdown).toMatch(/^# /m);
      expect(markdown).not.toContain("<!-- setup");
      expect(full).toContain(markdown.trim());
    }
  });
});

describe("the API reference", () => {
  const modules = publicPackages().flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports as Record<string, string>)
      // Some paths are for this repository only.
      .filter(([path]) => Object.hasOwn(manifest.publishConfig?.exports ?? {}, path))
      .map(([path, file]) => ({
        name: `${manifest.name}${path.slice(1)}`,
        file: relative(ROOT, join(folder, file)),
      })),
  );

  test.each(modules)("has every export of $name", ({ name, file }) => {
    const source = readFileSync(join(ROOT, file), "utf8");
    const exported = [...source.matchAll(/^export (?:type )?\{([^}]+)\}/gm)].flatMap(([, names = ""]) =>
      names.split(",").map((each) =>
        each
          .trim()
          .replace(/^type /, "")
          .replace(/^.+ as /, ""),
      ),
    );
    const declared = [...source.matchAll(/^export (?:async )?(?:class|const|function|interface|type) (\w+)/gm)];
    const names = [...exported, ...declared.map(([, each = ""]) => each)].filter((each) => each !== "");
    expect(names).not.toEqual([]);
    const index = readFileSync(join(DOCS, "reference", name, "index.md"), "utf8");
    const documented = new Set(
      [...index.matchAll(/\[~*([$\w\\]+)~*\]\(/g)].map(([, each]) => each?.replaceAll("\\", "")),
    );
    expect(names.filter((each) => !documented.has(each))).toEqual([]);
  });
});

describe("in a browser", () => {
  let site: ServedSite;
  let browser: Browser;
  let profile: string;

  beforeAll(async () => {
    profile = mkdtempSync(join(tmpdir(), "waymark-browser-"));
    site = await serveSite(SITE);
    browser = await chromium.launch({
      executablePath: await findBrowser(),
      args: [...BROWSER_ARGUMENTS],
      env: { ...process.env, HOME: profile },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    rmSync(profile, { recursive: true, force: true });
  });

  /** Opens a page, lets `check` look at it, and asserts that it had no error and asked no other server. */
  async function look(path: string, options: BrowserContextOptions, check: (page: Page) => Promise<void>) {
    const page = await browser.newPage(options);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("request", (request) => {
      if (!request.url().startsWith(site.url) && !request.url().startsWith("data:")) problems.push(request.url());
    });
    try {
      await page.goto(site.url + path, { waitUntil: "networkidle" });
      // Keys and clicks that come before the page's script has taken it over are lost.
      await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined");
      await check(page);
    } finally {
      await page.close();
    }
    expect(problems).toEqual([]);
  }

  test("the start page leads to the first page of the guide", () =>
    look("/", {}, async (page) => {
      await page.getByRole("link", { name: "Start", exact: true }).click();
      await page.waitForURL(/\/start$/);
      await page.getByRole("heading", { level: 1 }).waitFor();
    }));

  test("a page shows its text, its code in colours and its diagrams", () =>
    look("/architecture", {}, async (page) => {
      await page.getByRole("heading", { level: 1, name: "Architecture" }).waitFor();
      expect(await page.locator("figure.diagram svg").count()).toBeGreaterThanOrEqual(3);
      await page.goto(`${site.url}/resuming`);
      expect(await page.locator(".language-ts span[style]").count()).toBeGreaterThan(100);
    }));

  test("the search finds an error code and opens its heading", () =>
    look("/resuming", {}, async (page) => {
      await page.keyboard.press("Control+k");
      await page.locator("#localsearch-input").fill("LEASE_HELD");
      await page.locator('.results a[href$="/errors#lease_held"]').click();
      await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
      expect(page.url()).toMatch(/\/errors#lease_held$/);
    }));

  test("the reference describes a member of the engine, with its example", () =>
    look("/reference/@waymark/core/interfaces/WorkflowEngine", {}, async (page) => {
      await page.getByRole("heading", { name: "answerWait()" }).waitFor();
      expect(await page.locator(".vp-doc").textContent()).toContain("waitToken: request.params.token");
    }));

  test("it is dark for a reader whose system is dark, until the reader changes it", () =>
    look("/resuming", { colorScheme: "dark" }, async (page) => {
      const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const dark = await background();
      await page.getByRole("switch").first().click();
      await page.waitForFunction("!document.documentElement.classList.contains('dark')");
      expect(await background()).not.toBe(dark);
    }));

  test.each(["/", "/resuming", "/architecture", "/reference/@waymark/core/interfaces/WorkflowEngine"])(
    "%s fits a screen of 400 pixels",
    (path) =>
      look(path, { viewport: { width: 400, height: 800 } }, async (page) => {
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
      }),
  );
});
