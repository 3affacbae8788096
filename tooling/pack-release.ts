// Packs every public package into .release/, from which the Release workflow publishes. The packages must be built.

import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { pack, publicPackages } from "./packing/public-packages.ts";
import { ROOT } from "./pnpm.ts";

const destination = join(ROOT, ".release");
rmSync(destination, { recursive: true, force: true });
mkdirSync(destination);
for (const candidate of publicPackages()) console.log(relative(ROOT, pack(candidate, destination)));
