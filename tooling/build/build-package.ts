import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { declarationsOf, writeDeclarations } from "./declarations.ts";
import { readManifest } from "./manifest.ts";
import { thirdPartyLicenses } from "./third-party-licenses.ts";

/** What else is inside a package besides what its entries import. */
export interface BuildOptions {
  /** The absolute paths of further modules whose licences the package has to contain. */
  bundledModules?: readonly string[];
}

/** Builds a package into its dist/: bundled JavaScript, declarations, third-party licences. Sets the exit code. */
export async function buildPackage(folder: string, { bundledModules = [] }: BuildOptions = {}): Promise<void> {
  const outputFolder = join(folder, "dist");
  const manifest = readManifest(folder);
  try {
    const declarations = declarationsOf(folder, manifest);
    rmSync(outputFolder, { recursive: true, force: true });
    writeDeclarations(declarations, outputFolder);
    const files = await bundle({ folder, manifest, outputFolder });
    const licenses = thirdPartyLicenses([...files.flatMap((file) => file.modules), ...bundledModules]);
    if (licenses !== undefined) writeFileSync(join(outputFolder, "THIRD_PARTY_LICENSES.txt"), licenses);

    const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.code), 0);
    console.log(
      `${manifest.name}: ${files.length} JavaScript files, ${Math.ceil(bytes / 1024)} KB, ${declarations.length} declaration files`,
    );
  } catch (error) {
    console.error(`${manifest.name} was not built: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
