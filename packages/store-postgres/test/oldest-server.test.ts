import { isWorkflowError } from "@waymark/core";
import { describeCheckpointStore } from "@waymark/core/conformance";
import pg from "pg";
import { newExecution } from "tooling/store-fixtures";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { describeMigrations } from "./describe-migrations.ts";
import { emptiedPlaces } from "./emptied-places.ts";

// Those between and the newest are for `node tooling/trials/postgres-versions.ts`.
const oldest = await startOwnPostgres({ version: 13 });
afterAll(() => oldest.stop());
const tooOld = await startOwnPostgres({ version: 12 });
afterAll(() => tooOld.stop());

describe("PostgreSQL 13, the oldest supported", () => {
  describeMigrations(oldest.url);

  const admin = new pg.Pool({ connectionString: oldest.url });
  afterAll(() => admin.end());
  const places = emptiedPlaces(
    (sql) => admin.query(sql),
    (number) => ({ schema: `case_${number}` }),
  );

  describeCheckpointStore(
    { describe, it },
    {
      name: "PostgresCheckpointStore",
      capabilities: PostgresCheckpointStore.capabilities,
      open: async () => {
        const place = places.take();
        const options = { url: oldest.url, poolSize: 4, ...place };
        const store = await PostgresCheckpointStore.connect(options);
        const close = async () => {
          await store.close();
          await places.giveBack(place);
        };
        return { store, reopen: () => PostgresCheckpointStore.connect(options), close };
      },
    },
  );
});

describe("PostgreSQL 12", () => {
  const pool = new pg.Pool({ connectionString: tooOld.url });
  afterAll(() => pool.end());
  const borrowed = PostgresCheckpointStore.from(pool);

  it.each<[string, () => Promise<unknown>]>([
    ["when it is opened", () => PostgresCheckpointStore.connect({ url: tooOld.url })],
    [
      "when it is opened with `migrate: false`",
      () => PostgresCheckpointStore.connect({ url: tooOld.url, migrate: false }),
    ],
    ["when it is migrated", () => PostgresCheckpointStore.migrate({ url: tooOld.url })],
    ["by the first call on a borrowed pool", () => borrowed.createExecution(newExecution("a"))],
    ["by each call after that", () => borrowed.getExecution("a")],
  ])("is refused %s, and nothing is created in it", async (_when, open) => {
    const refusal = await open().then(
      () => undefined,
      (error) => error,
    );
    expect(isWorkflowError(refusal, "STORE_UNAVAILABLE"), String(refusal)).toBe(true);
    const details = { reason: "server_too_old", version: expect.stringMatching(/^12\./), oldestSupported: "13" };
    expect(refusal.details).toEqual(details);
    expect(refusal.message).toMatch(/PostgreSQL 12\.\d+; .* 13 or newer/);
    const { rows } = await pool.query("SELECT to_regnamespace('waymark') AS found");
    expect(rows).toEqual([{ found: null }]);
  });
});
