// Takes the screenshots of README.md from the built package: node scripts/screenshots.ts

import { join } from "node:path";
import { closeBrowser, mount, openPage } from "../test/browser-world.ts";
import { newOrders } from "../test/orders.ts";

const FOLDER = join(import.meta.dirname, "../screenshots");
const PICTURES = [
  { name: "executions", place: "", colorScheme: "light" },
  { name: "failed", place: "execution?id=order-1003", colorScheme: "light" },
  { name: "changes", place: "execution?id=order-1002&seq=1", colorScheme: "dark" },
] as const;

const { engine } = await newOrders({ count: 4 });
const mounted = await mount({ engine, redact: ["password", "apiKey"] });
for (const { name, place, colorScheme } of PICTURES) {
  const { page } = await openPage({ colorScheme, viewport: { width: 1120, height: 760 } });
  await page.goto(mounted.at(place));
  await page
    .locator(place === "" ? "tbody tr" : ".react-flow__node")
    .first()
    .waitFor();
  if (place !== "") await page.locator(".change").waitFor();
  await page.evaluate("document.fonts.ready");
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
await mounted.close();
await closeBrowser();
