import { PGlite } from "@electric-sql/pglite";
import type { ReactFlowObject } from "@waymark/core";

/** A row of the application's table of executions. */
export interface ExecutionRow {
  id: string;
  workflowId: string;
  userId: string;
  status: "SUCCESS" | "FAILED";
  executor: "v1" | "v2";
  output: unknown;
}

/** The tables of the application: canvases, executions, and what its nodes have done. */
export class DemoDatabase {
  readonly client: PGlite;

  private constructor(client: PGlite) {
    this.client = client;
  }

  /** Opens a database in memory. */
  static async open(): Promise<DemoDatabase> {
    const client = await PGlite.create();
    await client.exec(`
      CREATE TABLE "Workflow" (id text PRIMARY KEY, nodes jsonb NOT NULL, edges jsonb NOT NULL);
      CREATE TABLE "Execution" (
        id text PRIMARY KEY, "workflowId" text NOT NULL, "userId" text NOT NULL, status text NOT NULL,
        executor text NOT NULL, output jsonb, "startedAt" timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE "Charge" ("orderId" text NOT NULL, total numeric NOT NULL);
    `);
    return new DemoDatabase(client);
  }

  async saveWorkflow(id: string, { nodes, edges }: ReactFlowObject): Promise<void> {
    const values = [id, JSON.stringify(nodes), JSON.stringify(edges)];
    await this.client.query(`INSERT INTO "Workflow" VALUES ($1, $2, $3)`, values);
  }

  async workflow(id: string): Promise<ReactFlowObject | undefined> {
    const { rows } = await this.client.query<ReactFlowObject>(`SELECT nodes, edges FROM "Workflow" WHERE id = $1`, [
      id,
    ]);
    return rows[0];
  }

  /** Keeps the newest state of an execution. */
  async saveExecution({ id, workflowId, userId, status, executor, output }: ExecutionRow): Promise<void> {
    await this.client.query(
      `INSERT INTO "Execution" (id, "workflowId", "userId", status, executor, output) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, executor = excluded.executor, output = excluded.output`,
      [id, workflowId, userId, status, executor, JSON.stringify(output ?? null)],
    );
  }

  async executions(): Promise<ExecutionRow[]> {
    const { rows } = await this.client.query<ExecutionRow>(`SELECT * FROM "Execution" ORDER BY id`);
    return rows;
  }

  async charge(orderId: string, total: number): Promise<void> {
    await this.client.query(`INSERT INTO "Charge" VALUES ($1, $2)`, [orderId, total]);
  }

  /** Returns the orders that were charged more than once, or wrongly. */
  async wrongCharges(expected: (orderId: string) => number): Promise<string[]> {
    const { rows } = await this.client.query<{ orderId: string; total: string }>(`SELECT * FROM "Charge"`);
    const seen = new Set<string>();
    return rows
      .filter(({ orderId, total }) => {
        const isAgain = seen.has(orderId);
        seen.add(orderId);
        return isAgain || Number(total) !== expected(orderId);
      })
      .map(({ orderId }) => orderId);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
