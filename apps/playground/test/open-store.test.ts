import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../src/store/open-store.ts";
import { folderWith } from "./run-cli.ts";

describe("openStore", () => {
  it("makes folders that only the owner can read, also without a umask", async () => {
    await using folder = await folderWith({});
    const usual = process.umask(0);
    try {
      const store = await openStore({ name: "pglite", dataDir: join(folder.path, "new", "compare") });
      await store.close();
    } finally {
      process.umask(usual);
    }
    for (const made of ["new", join("new", "compare")]) {
      expect((await stat(join(folder.path, made))).mode & 0o777).toBe(0o700);
    }
  });
});
