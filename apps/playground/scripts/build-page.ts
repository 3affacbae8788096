// Builds the page: node scripts/build-page.ts

import { join } from "node:path";
import { buildPage } from "tooling/build-page";

const FOLDER = join(import.meta.dirname, "..");

await buildPage({
  folder: join(FOLDER, "src/page"),
  target: join(FOLDER, "src/serve/page-files.generated.js"),
  atFirst: 180_000,
  inAll: 300_000,
});
