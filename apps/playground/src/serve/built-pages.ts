import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Page } from "@waymark/inspector/server/page-files.ts";

const FOLDER = join(import.meta.dirname, "../..");
const INSPECTOR = join(dirname(createRequire(import.meta.url).resolve("@waymark/inspector")), "..");

/**
 * Returns the page of the playground. Builds it, and that of the inspector, if nobody has built them before.
 *
 * - `say` gets a line before a build, which takes some seconds.
 */
export async function builtPage(say: (line: string) => void): Promise<Page> {
  const [own, inspector] = [FOLDER, INSPECTOR].map((folder) => ({ folder, isBuilt: existsSync(moduleOf(folder)) }));
  const missing = [own, inspector].filter((each) => each?.isBuilt === false);
  if (missing.length > 0) say("Building the page (the first time only) ...");
  for (const each of missing) await buildIn(each?.folder ?? "");
  const { PAGE } = (await import(pathToFileURL(moduleOf(FOLDER)).href)) as { PAGE: Page };
  return PAGE;
}

function moduleOf(folder: string): string {
  return folder === FOLDER
    ? join(folder, "src/serve/page-files.generated.js")
    : join(folder, "src/server/page-files.generated.js");
}

async function buildIn(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(folder, "scripts/build-page.ts")], { cwd: folder });
}
