// Builds the package in the working folder into its dist/: bundled JavaScript, declarations, third-party licences.

import { buildPackage } from "./build/build-package.ts";

await buildPackage(process.cwd());
