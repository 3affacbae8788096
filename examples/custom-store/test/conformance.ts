import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { capabilities, openStore } from "../src/sqlite-store.ts";

describeCheckpointStore(
  { describe, it },
  {
    name: "SQLite",
    capabilities,
    agesDefinitions: true,
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), "sqlite-store-"));
      const file = join(folder, "store.db");
      const store = openStore(file);
      return {
        store,
        reopen: async () => openStore(file),
        ageDefinitions: async (ms) => {
          const db = new DatabaseSync(file, { timeout: 5_000 });
          db.prepare("UPDATE definitions SET savedAt = savedAt - ?").run(ms);
          db.close();
        },
        close: async () => {
          await store.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
);
