import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { type Consumer, createConsumer } from "./packed/consumer.ts";
import { expectSameExportsByImportAndRequire, modulesOf, typeCheck } from "./packed/public-modules.ts";

const packages = publicPackages();
const core = packages.filter(({ manifest }) => manifest.name === "@waymark/core");
const withDriver = packages.filter(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}).length > 1);

// npm installs the required peer dependencies, but not the optional ones.
describe.each(withDriver)("$manifest.name, installed with its driver", (store) => {
  let tarballs: string;
  let consumer: Consumer;

  beforeAll(() => {
    tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
    consumer = createConsumer(
      [...core, store].map((candidate) => pack(candidate, tarballs)),
      { network: true },
    );
  }, 300_000);

  afterAll(() => {
    consumer?.remove();
    rmSync(tarballs, { recursive: true, force: true });
  });

  test.each(["nodenext", "bundler"] as const)("type-checks under %s resolution", (resolution) => {
    typeCheck(consumer, modulesOf(store), resolution);
  });

  test.each(modulesOf(store))("%s has the same exports by import and by require()", (module) => {
    expectSameExportsByImportAndRequire(consumer, module);
  });
});
