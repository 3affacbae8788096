import { join } from "node:path";
import { buildPage } from "tooling/build-page";

const FOLDER = join(import.meta.dirname, "..");

/** Builds the page of the inspector. Returns the absolute paths of the modules in it. */
export const buildInspectorPage = () =>
  buildPage({
    folder: join(FOLDER, "src/page"),
    target: join(FOLDER, "src/server/page-files.generated.js"),
    atFirst: 180_000,
    inAll: 300_000,
  });

if (import.meta.main) await buildInspectorPage();
