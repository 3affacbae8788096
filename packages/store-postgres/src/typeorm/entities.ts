import type { CheckpointRecord, ExecutionRecord, FailureRecord } from "@waymark/core/store";
import { EntitySchema, type EntitySchemaColumnOptions } from "typeorm";
import { type TableLocation, tableNames } from "../sql/table-names.ts";

/** A row of `executions`: the head, and the store's own columns. Absent values are `null`, times are milliseconds. */
export type ExecutionRow = {
  [Name in Exclude<keyof ExecutionRecord, "readAt" | "unreadable">]-?: ExecutionRecord[Name] | null;
} & {
  key: number;
  initialCheckpointId: string;
  /** A lower bound of the end of a running execution's lease; 0 if it is not known. */
  leaseBound: number;
  lastClaimId: string | null;
  lastCommitId: string | null;
};

/** A row of `checkpoints`. It belongs to the execution with its `executionKey`. */
export type CheckpointRow = Omit<CheckpointRecord, "error"> & { executionKey: number; error: FailureRecord | null };

/** A row of `definitions`. */
export interface DefinitionRow {
  hash: string;
  definition: string;
  createdAt: number;
  /** The time of the last save, or `null` if a version that does not note it has saved it. */
  savedAt: number | null;
}

/** The store's tables as TypeORM entities, for reading only. The store alone writes to them. */
export interface WaymarkEntities {
  readonly Execution: EntitySchema<ExecutionRow>;
  readonly Checkpoint: EntitySchema<CheckpointRow>;
  readonly Definition: EntitySchema<DefinitionRow>;
}

// TypeORM returns bigint as text. All of these are below 2^53.
const asNumber = {
  to: (value: number | null | undefined) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

const integer = (name: string): EntitySchemaColumnOptions => ({ type: "bigint", name, transformer: asNumber });
const optionalInteger = (name: string): EntitySchemaColumnOptions => ({ ...integer(name), nullable: true });
const string = (name: string): EntitySchemaColumnOptions => ({ type: "text", name });
const optionalString = (name: string): EntitySchemaColumnOptions => ({ type: "text", name, nullable: true });
const optionalJson = (name: string): EntitySchemaColumnOptions => ({ type: "json", name, nullable: true });
// Ids compare by their bytes, whatever the database's collation.
const id = (name: string): EntitySchemaColumnOptions => ({ type: "text", name, collation: "C" });

/**
 * Makes the entities for a place of the tables.
 *
 * @example
 * ```ts
 * const { Execution } = waymarkEntities();
 * const dataSource = new DataSource({ type: "postgres", url, entities: [Execution] });
 * const failed = await dataSource.getRepository(Execution).countBy({ status: "failed" });
 * ```
 */
export function waymarkEntities(location: TableLocation = {}): WaymarkEntities {
  const { schema, prefix } = tableNames(location);
  const table = (name: string) => ({ name: `waymark_${prefix}${name}`, tableName: `${prefix}${name}`, schema });
  const Execution = new EntitySchema<ExecutionRow>({
    ...table("executions"),
    columns: {
      key: integer("key"),
      id: { ...id("id"), primary: true, primaryKeyConstraintName: `${prefix}executions_pkey` },
      workflowId: id("workflow_id"),
      userId: id("user_id"),
      status: string("status"),
      version: integer("version"),
      token: integer("token"),
      seq: integer("seq"),
      snapshotSeq: integer("snapshot_seq"),
      firstSeq: integer("first_seq"),
      checkpointsCount: integer("checkpoints_count"),
      currentStep: integer("current_step"),
      totalSteps: integer("total_steps"),
      owner: optionalString("owner"),
      leaseUntil: optionalInteger("lease_until_ms"),
      wakeAt: optionalInteger("wake_at_ms"),
      waiting: optionalJson("waiting"),
      waitingCount: optionalInteger("waiting_count"),
      failure: optionalJson("failure"),
      recoveries: { ...integer("recoveries"), default: 0 },
      deadlineAt: optionalInteger("deadline_at_ms"),
      definitionHash: optionalString("definition_hash"),
      parentId: { ...id("parent_id"), nullable: true },
      parentNodeId: { ...id("parent_node_id"), nullable: true },
      parentVisit: optionalInteger("parent_visit"),
      forkedFromId: { ...id("forked_from_id"), nullable: true },
      forkedFromSeq: optionalInteger("forked_from_seq"),
      metadata: optionalJson("metadata"),
      createdAt: integer("created_at_ms"),
      updatedAt: integer("updated_at_ms"),
      endedAt: optionalInteger("ended_at_ms"),
      leaseBound: { ...integer("lease_bound_ms"), default: 0 },
      initialCheckpointId: string("initial_checkpoint_id"),
      lastClaimId: optionalString("last_claim_id"),
      lastCommitId: optionalString("last_commit_id"),
    } satisfies Record<keyof ExecutionRow, EntitySchemaColumnOptions>,
    indices: [
      { name: `${prefix}executions_created`, columns: ["createdAt", "id"] },
      { name: `${prefix}executions_status`, columns: ["status", "createdAt", "id"] },
      { name: `${prefix}executions_workflow`, columns: ["workflowId", "createdAt", "id"] },
      { name: `${prefix}executions_user`, columns: ["userId", "createdAt", "id"] },
      { name: `${prefix}executions_parent`, columns: ["parentId", "createdAt", "id"], where: "parent_id IS NOT NULL" },
      { name: `${prefix}executions_wake`, columns: ["wakeAt"], where: "wake_at_ms IS NOT NULL" },
      {
        name: `${prefix}executions_due`,
        columns: ["wakeAt", "id"],
        where: "wake_at_ms IS NOT NULL AND status IN ('pending', 'suspended')",
      },
      { name: `${prefix}executions_lease`, columns: ["leaseBound", "id"], where: "status = 'running'" },
      { name: `${prefix}executions_definition`, columns: ["definitionHash"] },
    ],
  });
  const primaryKeyConstraintName = `${prefix}checkpoints_pkey`;
  const Checkpoint = new EntitySchema<CheckpointRow>({
    ...table("checkpoints"),
    columns: {
      executionKey: { ...integer("execution_key"), primary: true, primaryKeyConstraintName },
      seq: { ...integer("seq"), primary: true, primaryKeyConstraintName },
      id: string("checkpoint_id"),
      kind: string("kind"),
      nodeId: string("node_id"),
      nodeName: string("node_name"),
      visit: { ...integer("visit"), default: 1 },
      stepNumber: integer("step_number"),
      attempt: integer("attempt"),
      durationMs: { type: "double precision", name: "duration_ms" },
      timestamp: integer("timestamp_ms"),
      error: optionalJson("error"),
      payload: string("payload"),
    } satisfies Record<keyof CheckpointRow, EntitySchemaColumnOptions>,
  });
  const Definition = new EntitySchema<DefinitionRow>({
    ...table("definitions"),
    columns: {
      hash: { ...id("hash"), primary: true, primaryKeyConstraintName: `${prefix}definitions_pkey` },
      definition: string("definition"),
      createdAt: integer("created_at_ms"),
      savedAt: optionalInteger("saved_at_ms"),
    } satisfies Record<keyof DefinitionRow, EntitySchemaColumnOptions>,
  });
  return { Execution, Checkpoint, Definition };
}
