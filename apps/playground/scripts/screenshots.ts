// Takes the screenshot of README.md: node scripts/screenshots.ts

import { join } from "node:path";
import { closeBrowser, openPage } from "../../../packages/inspector/test/browser-world.ts";
import { served } from "../test/served.ts";

const server = await served();
const { page } = await openPage({ colorScheme: "light", viewport: { width: 1240, height: 1180 } });
const id = await server.start({ paceMs: 150 });
await server.until(id, ({ v1, v2 }) => v1.ran.length > 5 && v2.ran.length > 5);
await server.post("api/run/kill", { id });
await server.until(id, ({ isOver }) => isOver);
await page.goto(`${server.url}run?id=${id}`);
await page.getByRole("region", { name: "Outputs" }).waitFor();
await page.locator(".react-flow__node").first().waitFor();
await page.evaluate("document.fonts.ready");
await page.screenshot({ path: join(import.meta.dirname, "../screenshots/run.png") });
await closeBrowser();
await server[Symbol.asyncDispose]();
