import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { createWorkflowEngine } from "@waymark/core";
import { projectExecutions } from "@waymark/core/migration";
import { preparePGlite } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { CREATE_TABLE, upsert, WORKFLOW } from "./projected-table.ts";

const parent = mkdtempSync(join(tmpdir(), "waymark-projection-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** The folder of a database as it is before the execution. */
const template = join(parent, "template");
beforeAll(async () => {
  const pglite = await PGlite.create(await preparePGlite(template));
  await pglite.exec(CREATE_TABLE);
  await PostgresCheckpointStore.from(pglite).setup();
  await pglite.close();
});

const POINTS = [
  ...[0, 1, 2, 3].map((step) => ({ step, status: "running", moment: "before" })),
  { step: 4, status: "completed", moment: "before" },
  { step: 4, status: "completed", moment: "after" },
];

async function rowOf(pglite: PGlite) {
  const { rows } = await pglite.query<{ status: string; output: { currentStep: number; checkpoints: unknown[] } }>(
    `SELECT status, output FROM "Execution" WHERE id = 'e1'`,
  );
  return rows[0] === undefined ? undefined : { status: rows[0].status, currentStep: rows[0].output.currentStep };
}

describe("a process that is killed between a commit and the write to the application's table", () => {
  it.each(POINTS)("$moment the write of step $step ($status): the next sweep makes the table right", async (point) => {
    const { step, status, moment } = point;
    const folder = join(parent, `${moment}-${step}`);
    cpSync(join(template, "pgdata"), folder, { recursive: true });
    const program = fileURLToPath(new URL("./projected-process.ts", import.meta.url));
    const child = spawnSync(process.execPath, [program, folder, String(step), status, moment], { encoding: "utf8" });
    expect([child.signal, child.stderr]).toEqual(["SIGKILL", ""]);

    const pglite = await PGlite.create(folder);
    const store = PostgresCheckpointStore.from(pglite);
    const committed = { status, currentStep: step };
    expect(await store.getExecution("e1")).toMatchObject(committed);
    const late = step === 0 ? undefined : { status: "running", currentStep: step - 1 };
    expect(await rowOf(pglite)).toEqual(moment === "before" ? late : committed);

    const engine = createWorkflowEngine({
      store,
      workflows: [WORKFLOW],
      executors: { default: ({ context, node }) => ({ ...context, [node.id]: true }) },
    });
    const projection = projectExecutions({ engine, write: (row) => upsert(pglite, row) });
    await projection.sweep();
    expect(await rowOf(pglite)).toEqual(committed);
    await engine.recoverExecutions();
    await projection.sweep();
    expect(await rowOf(pglite)).toEqual({ status: "completed", currentStep: 4 });
    await projection.stop();
    await pglite.close();
  });
});
