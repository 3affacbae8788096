import { checker } from "../checker.ts";
import type { WorkflowDefinition } from "../definition/schema.ts";
import { WorkflowError } from "../errors.ts";
import { filter, type OptionTable, optional, wholeNumber } from "../option.ts";
import { checkHead } from "../state/checked-history.ts";
import { readingRecord } from "../state/corrupt.ts";
import { difference } from "../state/delta.ts";
import { History } from "../state/history.ts";
import { id } from "../state/id-option.ts";
import { readHead } from "../state/open-execution.ts";
import { parsePayload } from "../state/payload.ts";
import { snapshotOf } from "../state/progress.ts";
import { readSteadily } from "../state/read-history.ts";
import { recordsBackwards } from "../state/records-backwards.ts";
import { readStateAt } from "../state/state-at.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { isoTime, waitsOf } from "../state/waiting.ts";
import type { CheckpointRecord, ExecutionRecord } from "../store/checkpoint-store.ts";
import { isEnded } from "../store/status.ts";
import { quoted } from "../text.ts";
import type {
  ExecutionInspection,
  InspectExecutionOptions,
  InspectedChange,
  InspectedDefinition,
  InspectedProgress,
  InspectedRecord,
  RecordsPage,
  RecordsQuery,
} from "./execution-inspection.ts";
import { summarize } from "./execution-summary.ts";
import { presentRuns, restorePlanner } from "./restored-planner.ts";
import { nextNodes } from "./standing.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

const MAX_RECORDS = 1_000;
/** A longer payload of a completed node is not searched for its outputs, in characters. */
const MAX_SEARCHED = 100_000;

const inspectOptions: OptionTable<InspectExecutionOptions> = { executionId: id, userId: filter(id) };
const recordsOptions: OptionTable<RecordsQuery> = {
  limit: wholeNumber(1, MAX_RECORDS),
  before: optional(wholeNumber(0)),
};
const checkOptions: (value: unknown) => InspectExecutionOptions = checker("inspectExecution", inspectOptions);
const checkRecords: (value: unknown) => RecordsQuery = checker("inspectExecution: records", recordsOptions);

/** Opens an execution for a look into it. Runs nothing, and needs neither workflows nor executors. */
export async function inspectExecution(
  { surroundings, catalog }: { surroundings: Surroundings; catalog: WorkflowCatalog },
  given: InspectExecutionOptions,
): Promise<ExecutionInspection> {
  const { executionId, userId } = checkOptions(given);
  const { codec } = surroundings;
  const head = await readHead(surroundings, executionId, userId);
  const steadily = async <T>(read: (now: ExecutionRecord) => Promise<T>): Promise<T> =>
    readSteadily(surroundings, await readHead(surroundings, executionId, userId), (now) => {
      checkHead(now);
      return read(now);
    });
  return {
    execution: summarize(head),
    definition: () => definitionOf(catalog, head),
    records: (query) => {
      const checked = checkRecords(query);
      return steadily((now) => recordsOf(surroundings, now, checked));
    },
    change: (seq) => steadily((now) => changeOf(surroundings, now, seq)),
    progress: () => steadily((now) => progressOf(surroundings, catalog, now)),
    decode: (text) => codec.decode(text),
  };
}

async function definitionOf(catalog: WorkflowCatalog, head: ExecutionRecord): Promise<InspectedDefinition> {
  const { definitionHash, workflowId, userId } = head;
  const own = await catalog.current(workflowId, userId).catch(() => undefined);
  const current = own === undefined ? undefined : (JSON.parse(own.json) as WorkflowDefinition);
  const kept = definitionHash === undefined ? undefined : await (await catalog.kept()).of(definitionHash);
  const isSame = own !== undefined && definitionHash !== undefined && own.hash === definitionHash;
  const original = kept?.definition ?? (isSame ? current : undefined);
  return {
    ...(original === undefined ? {} : { original }),
    ...(current === undefined ? {} : { current }),
    isChanged: current !== undefined && !isSame,
  };
}

async function recordsOf(
  { store, codec }: Surroundings,
  head: ExecutionRecord,
  { limit, before = head.seq + 1 }: RecordsQuery,
): Promise<RecordsPage> {
  const from = Math.min(before - 1, head.seq);
  const items: InspectedRecord[] = [];
  if (from < head.firstSeq) return { items };
  for await (const record of recordsBackwards(store, head, from)) {
    items.push(inspected({ codec }, record));
    if (items.length === limit) break;
  }
  const last = items.at(-1)?.seq ?? 0;
  return last > head.firstSeq ? { items, nextBefore: last } : { items };
}

async function changeOf(surroundings: Surroundings, head: ExecutionRecord, seq: number): Promise<InspectedChange> {
  const { store, codec } = surroundings;
  if (!Number.isSafeInteger(seq) || seq < head.firstSeq || seq > head.seq) {
    const kept = `those that are kept are ${head.firstSeq} to ${head.seq}`;
    throw new WorkflowError("INVALID_ARGUMENT", `Execution ${quoted(head.id)} has no record ${seq}; ${kept}.`, {
      executionId: head.id,
      details: { seq, firstSeq: head.firstSeq, lastSeq: head.seq },
    });
  }
  const records: CheckpointRecord[] = [];
  for await (const record of recordsBackwards(store, head, seq)) {
    records.push(record);
    if (record.kind === "snapshot" && record.seq < seq) break;
  }
  records.reverse();
  const history = new History<unknown>(codec, records);
  const after = history.contextAt(records.length - 1);
  const record = inspected({ codec }, records.at(-1) as CheckpointRecord);
  if (records.length === 1) return { record, after: codec.encode(after), operations: [] };
  const before = history.contextAt(records.length - 2);
  const { operations } = difference(codec, before, after);
  return { record, before: codec.encode(before), after: codec.encode(after), operations };
}

async function progressOf(
  surroundings: Surroundings,
  catalog: WorkflowCatalog,
  head: ExecutionRecord,
): Promise<InspectedProgress> {
  const { progress } = await readStateAt(surroundings, head, head.seq);
  const plans = head.definitionHash === undefined ? undefined : await (await catalog.kept()).plans(head.definitionHash);
  const planner = plans === undefined ? undefined : restorePlanner({ plans }, { progress });
  const present = plans && planner ? presentRuns(plans, planner, progress.start) : undefined;
  const { ran } = snapshotOf(progress, present);
  return {
    execution: summarize(head),
    ran: Array.from(ran, ({ nodeId, handles }) => (handles === undefined ? { nodeId } : { nodeId, handles })),
    skipped: (planner?.skipped ?? []).map((index) => plans?.graph.nodes[index]?.id ?? ""),
    next: plans === undefined || isEnded(head.status) ? [] : [...nextNodes(plans, { progress })],
    waiting: waitsOf(head.waiting ?? [], progress.waiting).map(({ payload, ...wait }) =>
      payload === undefined ? wait : { ...wait, payload: surroundings.codec.encode(payload) },
    ),
  };
}

/** A record with the parts of its payload that people ask about. Payloads of nodes are read only if they may have any. */
function inspected({ codec }: Pick<Surroundings, "codec">, record: CheckpointRecord): InspectedRecord {
  const { payload, timestamp, error, ...fields } = record;
  const { id, seq, kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs } = fields;
  const shown: InspectedRecord = {
    ...{ id, seq, kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs, timestamp: isoTime(timestamp) },
    ...(kind === "error" && error !== undefined ? { error } : {}),
  };
  const isSearched =
    kind === "save" ||
    kind === "error" ||
    (kind === "delta" &&
      payload.length <= MAX_SEARCHED &&
      (payload.includes('["route"') || payload.includes('["end"')));
  if (!isSearched) return shown;
  const parsed = readingRecord(seq, () => parsePayload(codec, record));
  if (parsed.kind === "snapshot") return shown;
  const { handles, retry, attempts, waits, answers, definition } = parsed.parts;
  if (handles !== undefined) shown.handles = handles;
  if (retry !== undefined) shown.retryAt = isoTime(retry.atMs);
  if (attempts !== undefined) shown.begun = attempts;
  if (waits !== undefined) {
    shown.waits = waits.map(({ nodeId, visit, sinceMs, untilMs, reason }) => ({
      ...{ nodeId, nodeName: nodeId, visit, since: isoTime(sinceMs) },
      ...(untilMs === undefined ? {} : { until: isoTime(untilMs) }),
      ...(reason === undefined ? {} : { reason }),
    }));
  }
  if (answers !== undefined) {
    shown.answers = answers.map(({ nodeId, visit, timedOut }) => ({ nodeId, visit, timedOut: timedOut === true }));
  }
  if (definition !== undefined) shown.definitionChanged = true;
  return shown;
}
