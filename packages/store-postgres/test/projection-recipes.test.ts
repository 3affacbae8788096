import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import { createWorkflowEngine } from "@waymark/core";
import { type ProjectedExecution, projectExecutions, type WrittenRevision } from "@waymark/core/migration";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { DataSource, EntitySchema, In } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { CREATE_TABLE, upsert, WORKFLOW } from "./projected-table.ts";

// The recipes of docs/importing.md, against a real table.

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
const store = await PostgresCheckpointStore.connect({ url: server.url });
await pool.query(CREATE_TABLE);

interface Row {
  id: string;
  workflowId: string;
  userId: string;
  status: string;
  output: object | null;
  error: string | null;
  endedAt: Date | null;
  revision: string | null;
}

const Execution = new EntitySchema<Row>({
  name: "Execution",
  tableName: "Execution",
  columns: {
    id: { type: String, primary: true },
    workflowId: { type: String },
    userId: { type: String },
    status: { type: String },
    output: { type: "jsonb", nullable: true },
    error: { type: String, nullable: true },
    endedAt: { type: "timestamptz", nullable: true },
    revision: { type: String, nullable: true },
  },
});
const dataSource = await new DataSource({ type: "postgres", url: server.url, entities: [Execution] }).initialize();
const repository = dataSource.getRepository(Execution);

afterAll(async () => {
  await prisma.$disconnect();
  await rm(folder, { recursive: true });
  await dataSource.destroy();
  await store.close();
  await pool.end();
  await server.stop();
});

async function writeWithTypeOrm(execution: ProjectedExecution): Promise<void> {
  const { executionId: id, workflowId, userId, status, revision, output, error = null, endedAt = null } = execution;
  const changed = { status, error, endedAt, revision, ...(output === undefined ? {} : { output }) };
  await repository
    .createQueryBuilder()
    .insert()
    .values({ id, workflowId, userId, ...changed })
    .orIgnore()
    .execute();
  await repository
    .createQueryBuilder()
    .update()
    .set(changed)
    .where("id = :id AND (revision IS NULL OR revision < :revision)", { id, revision })
    .execute();
}

// Its generator looks for an engine that only its migrations use, and would download it. Any program takes its place.
const folder = await mkdtemp(join(import.meta.dirname, "prisma-"));
await writeFile(
  join(folder, "schema.prisma"),
  `generator client {
    provider = "prisma-client"
    output = "./generated"
    importFileExtension = "ts"
    generatedFileExtension = "ts"
  }
  datasource db {
    provider = "postgresql"
  }
  model Execution {
    id String @id
    workflowId String
    userId String
    status String
    output Json?
    error String?
    endedAt DateTime? @db.Timestamptz
    revision String?
  }`,
);
const prismaCommand = createRequire(import.meta.url).resolve("prisma/build/index.js");
await promisify(execFile)(process.execPath, [prismaCommand, "generate", "--schema", join(folder, "schema.prisma")], {
  cwd: folder,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
});
const { PrismaClient } = (await import(join(folder, "generated/client.ts"))) as {
  PrismaClient: new (options: {
    adapter: PrismaPg;
  }) => {
    execution: {
      createMany(call: { data: object[]; skipDuplicates: boolean }): Promise<unknown>;
      updateMany(call: { where: object; data: object }): Promise<unknown>;
      findMany(call: { select: object; where: object }): Promise<{ id: string; revision: string | null }[]>;
    };
    $disconnect(): Promise<void>;
  };
};
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: server.url }) });

const RECIPES = {
  Prisma: {
    write: async (execution: ProjectedExecution) => {
      const { executionId: id, workflowId, userId, status, revision, output, error = null, endedAt = null } = execution;
      const changed = { status, error, endedAt, revision, ...(output === undefined ? {} : { output }) };
      await prisma.execution.createMany({ data: [{ id, workflowId, userId, ...changed }], skipDuplicates: true });
      await prisma.execution.updateMany({
        where: { id, OR: [{ revision: null }, { revision: { lt: revision } }] },
        data: changed,
      });
    },
    readRevisions: async (ids: string[]): Promise<WrittenRevision[]> => {
      const found = await prisma.execution.findMany({
        select: { id: true, revision: true },
        where: { id: { in: ids } },
      });
      return found.map(({ id, revision }) => ({ executionId: id, revision }));
    },
  },
  SQL: {
    write: (row: ProjectedExecution) => upsert(pool, row),
    readRevisions: async (ids: string[]): Promise<WrittenRevision[]> => {
      const sql = `SELECT id AS "executionId", revision FROM "Execution" WHERE id = ANY($1)`;
      return (await pool.query(sql, [ids])).rows;
    },
  },
  TypeORM: {
    write: writeWithTypeOrm,
    readRevisions: async (ids: string[]): Promise<WrittenRevision[]> => {
      const rows = await repository.find({ select: { id: true, revision: true }, where: { id: In(ids) } });
      return rows.map(({ id, revision }) => ({ executionId: id, revision }));
    },
  },
};

function engineFor(node: "completes" | "fails" = "completes") {
  return createWorkflowEngine({
    store,
    workflows: [WORKFLOW],
    executors: {
      default: ({ context, node: { id } }) => {
        if (node === "fails" && id === "c") throw new Error("429 Too Many Requests");
        return { ...context, [id]: true };
      },
    },
  });
}

const rowOf = async (id: string) => (await pool.query(`SELECT * FROM "Execution" WHERE id = $1`, [id])).rows[0];

describe.each(Object.entries(RECIPES))("the recipe for %s", (name, recipe) => {
  const call = (id: string) => ({ workflowId: WORKFLOW.id, userId: "u1", executionId: `${name}-${id}` });

  it("keeps a table true, with outputs, errors and ends", async () => {
    const engine = engineFor("fails");
    const projection = projectExecutions({ engine, ...recipe });
    const { executionId } = await engine.executeWorkflow(call("failing"));
    await projection.sweep();
    expect(await rowOf(executionId)).toMatchObject({
      status: "failed",
      error: "429 Too Many Requests",
      endedAt: expect.any(Date),
      output: (await engine.getExecutionState(executionId)).toExecutionOutput(),
    });
    await projection.stop();

    const fixed = engineFor();
    const resumed = projectExecutions({ engine: fixed, ...recipe });
    await fixed.resumeWorkflow({ executionId });
    await resumed.stop();
    expect(await rowOf(executionId)).toMatchObject({ status: "completed", error: null });
  });

  it("never writes an older state over a newer one, in whatever order the writes come", async () => {
    const engine = engineFor();
    const states: ProjectedExecution[] = [];
    const { executionId } = await engine.startExecution(call("ordered"));
    // The sweep also finds the executions of other tests.
    const write = (row: ProjectedExecution) => void (row.executionId === executionId && states.push(row));
    const projection = projectExecutions({ engine, write });
    await projection.sweep();
    await engine.resumeWorkflow({ executionId });
    await projection.stop();
    const [first, last] = [states[0], states.at(-1)] as [ProjectedExecution, ProjectedExecution];
    expect([first.status, last.status]).toEqual(["pending", "completed"]);
    for (const order of [
      [first, last],
      [last, first],
      [last, first, last],
    ]) {
      await pool.query(`DELETE FROM "Execution" WHERE id = $1`, [executionId]);
      for (const row of order) await recipe.write(row);
      expect(await rowOf(executionId)).toMatchObject({ status: "completed", revision: last.revision });
      await pool.query(`DELETE FROM "Execution" WHERE id = $1`, [executionId]);
      await Promise.all(order.map((row) => recipe.write(row)));
      expect(await rowOf(executionId)).toMatchObject({ status: "completed", revision: last.revision });
    }
  });

  it("writes over a row of the old executor, and keeps its output if none is given", async () => {
    const engine = engineFor();
    const { executionId } = await engine.executeWorkflow(call("old"));
    const insert = `INSERT INTO "Execution" (id, "workflowId", "userId", status, output) VALUES ($1, $2, 'u1', 'RUNNING', $3)`;
    await pool.query(insert, [executionId, WORKFLOW.id, { kept: true }]);
    const projection = projectExecutions({ engine, ...recipe, output: "never" });
    await projection.sweep();
    expect(await rowOf(executionId)).toMatchObject({ status: "completed", output: { kept: true } });
    await projection.stop();
  });
});
