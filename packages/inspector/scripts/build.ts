// Builds the page, then the package with the page inside it.

import { join } from "node:path";
import { buildPackage } from "tooling/build-package";
import { buildInspectorPage } from "./build-page.ts";

await buildPackage(join(import.meta.dirname, ".."), { bundledModules: await buildInspectorPage() });
