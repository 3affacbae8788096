// Builds the package in the working folder into its dist/: bundled JavaScript, declarations, third-party licences.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./build/bundle.ts";
import { declarationsOf, writeDeclarations } from "./build/declarations.ts";
import { readManifest } from "./build/manifest.ts";
import { thirdPartyLicenses } from "./build/third-party-licenses.ts";

const folder = process.cwd();
const outputFolder = join(folder, "dist");
const manifest = readManifest(folder);

try {
  const declarations = declarationsOf(folder, manifest);
  rmSync(outputFolder, { recursive: true, force: true });
  writeDeclarations(declarations, outputFolder);
  const files = await bundle({ folder, manifest, outputFolder });
  const licenses = thirdPartyLicenses(files);
  if (licenses !== undefined) writeFileSync(join(outputFolder, "THIRD_PARTY_LICENSES.txt"), licenses);

  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.code), 0);
  console.log(
    `${manifest.name}: ${files.length} JavaScript files, ${Math.ceil(bytes / 1024)} KB, ${declarations.length} declaration files`,
  );
} catch (error) {
  console.error(`${manifest.name} was not built: ${(error as Error).message}`);
  process.exitCode = 1;
}
