import type { TableNames } from "../table-names.ts";
import type { Step } from "./step.ts";

/*
 * A view for tools that read the JSON of the old `Execution.output` column:
 *
 *   { checkpoints: [{ nodeId, nodeName, stepNumber, context, timestamp, error? }], currentContext, currentStep,
 *     totalSteps, error? }
 *
 * Each row is put together from the execution's records when it is read, so ask for few at a time. Values that JSON does
 * not have are as the codec writes them. jsonb cannot hold U+0000: a context with one cannot be read here.
 */
export function createExecutionOutput(names: TableNames): Step {
  const { executions, checkpoints, executionOutput, applyChange, outputOf } = names;
  return {
    up: [
      // One operation of a delta's payload, such as ["set", ["a", "b"], 1].
      `CREATE FUNCTION ${applyChange}(state jsonb, operation jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
       DECLARE
         path text[] := ARRAY(SELECT jsonb_array_elements_text(operation -> 1));
         items jsonb;
         first_kept int;
       BEGIN
         CASE operation ->> 0
           WHEN 'set' THEN
             IF cardinality(path) = 0 THEN RETURN operation -> 2; END IF;
             RETURN jsonb_set(state, path, operation -> 2);
           WHEN 'delete' THEN RETURN state #- path;
           WHEN 'push' THEN RETURN jsonb_set(state, path, (state #> path) || (operation - 0 - 0));
           WHEN 'splice' THEN
             first_kept := (operation ->> 2)::int + (operation ->> 3)::int;
             SELECT coalesce(jsonb_agg(item ORDER BY part, place), '[]') INTO items FROM (
               SELECT 1 AS part, place, item FROM jsonb_array_elements(state #> path) WITH ORDINALITY AS t (item, place)
               WHERE place <= (operation ->> 2)::int
               UNION ALL
               SELECT 2, place, item FROM jsonb_array_elements(operation - 0 - 0 - 0 - 0) WITH ORDINALITY AS t (item, place)
               UNION ALL
               SELECT 3, place, item FROM jsonb_array_elements(state #> path) WITH ORDINALITY AS t (item, place)
               WHERE place > first_kept
             ) AS parts;
             IF cardinality(path) = 0 THEN RETURN items; END IF;
             RETURN jsonb_set(state, path, items);
           -- The order of keys, which jsonb does not keep, and what concerns the engine only.
           ELSE RETURN state;
         END CASE;
       END $$`,
      `CREATE FUNCTION ${outputOf}(wanted bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
       DECLARE
         record record;
         operation jsonb;
         state jsonb := '{}';
         found jsonb[] := '{}';
       BEGIN
         FOR record IN SELECT * FROM ${checkpoints} AS c WHERE c.execution_key = wanted ORDER BY c.seq LOOP
           IF record.kind = 'snapshot' THEN
             state := record.payload::jsonb -> 'context';
           ELSE
             FOR operation IN SELECT o FROM jsonb_array_elements(record.payload::jsonb) AS o LOOP
               IF jsonb_typeof(operation) = 'array' THEN state := ${applyChange}(state, operation); END IF;
             END LOOP;
           END IF;
           IF record.kind <> 'save' AND record.seq > 0 THEN
             found := found || (jsonb_build_object(
               'nodeId', record.node_id, 'nodeName', record.node_name, 'stepNumber', record.step_number, 'context', state,
               'timestamp', to_char(to_timestamp(record.timestamp_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
             ) || CASE WHEN record.error IS NULL THEN '{}' ELSE jsonb_build_object('error', record.error ->> 'message') END);
           END IF;
         END LOOP;
         RETURN jsonb_build_object('checkpoints', to_jsonb(found), 'currentContext', state);
       END $$`,
      `CREATE VIEW ${executionOutput} AS
       SELECT e.id, e.workflow_id AS "workflowId", e.user_id AS "userId", e.status,
         ${outputOf}(e.key) || jsonb_build_object('currentStep', e.current_step, 'totalSteps', e.total_steps)
           || CASE WHEN e.failure IS NULL THEN '{}' ELSE jsonb_build_object('error', e.failure ->> 'message') END AS output,
         to_timestamp(e.created_at_ms / 1000.0) AS "createdAt",
         to_timestamp(e.updated_at_ms / 1000.0) AS "updatedAt",
         to_timestamp(e.ended_at_ms / 1000.0) AS "endedAt"
       FROM ${executions} AS e`,
    ],
    down: [
      `DROP VIEW ${executionOutput}`,
      `DROP FUNCTION ${outputOf}(bigint)`,
      `DROP FUNCTION ${applyChange}(jsonb, jsonb)`,
    ],
  };
}
