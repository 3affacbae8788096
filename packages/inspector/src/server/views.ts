import type {
  ExecutionSummary,
  FailureRecord,
  InspectedDefinition,
  InspectedRecord,
  InspectedWait,
  WorkflowDefinition,
} from "@waymark/core";
import { definitionChanges } from "./definition-changes.ts";
import { drawnGraph } from "./drawn-graph.ts";
import type { Json } from "./json-tree.ts";
import { BRIEF, cut, type Limits, redact } from "./shown-value.ts";

/*
 * What the page gets, made from what the engine returns. Texts that nodes chose have no bound, so each one is cut here.
 */

const MAX_MESSAGE = 2_000;
const MAX_STACK = 20_000;
const MAX_CAUSES = 10;
const MAX_DATA: Limits = { string: 500, entries: 30, total: 2_000 };

/** Makes what the page sees, without what is redacted. */
export class Views {
  readonly #redacted: ReadonlySet<string>;

  constructor(redacted: readonly string[]) {
    this.#redacted = new Set(redacted.map((key) => key.toLowerCase()));
  }

  get redacted(): ReadonlySet<string> {
    return this.#redacted;
  }

  /** A head without what only engines need: tokens of leases, and numbers of the storage. */
  execution(summary: ExecutionSummary) {
    const { id, workflowId, userId, status, currentStep, totalSteps, checkpointsCount, recoveries } = summary;
    const { createdAt, updatedAt, readAt, endedAt, leaseUntil, wakeAt, deadlineAt } = summary;
    const { parentId, parentNodeId, parentVisit, forkedFromId, forkedFromSeq, unreadable } = summary;
    const { failure, metadata, waiting, waitingCount, seq, firstSeq, definitionHash } = summary;
    return {
      ...{ id, workflowId, userId, status, currentStep, totalSteps, checkpointsCount, recoveries },
      ...{ createdAt, updatedAt, readAt, endedAt, leaseUntil, wakeAt, deadlineAt },
      ...{ parentId, parentNodeId, parentVisit, forkedFromId, forkedFromSeq, seq, firstSeq, definitionHash },
      unreadable: unreadable === undefined ? undefined : [...unreadable],
      failure: failure === undefined ? undefined : briefFailure(failure),
      metadata: metadata === undefined ? undefined : (this.redact({ ...metadata }) as Record<string, Json>),
      waiting: waiting?.map(({ nodeId, nodeName, visit, reason, since, until }) => ({
        ...{ nodeId, nodeName, visit, reason, since, until },
      })),
      waitingCount,
    };
  }

  record(record: InspectedRecord) {
    const { error, ...rest } = record;
    return {
      ...rest,
      nodeName: shorten(rest.nodeName, 200),
      error: error === undefined ? undefined : briefFailure(error),
    };
  }

  /** A wait without its token, which would let the page answer by another way than its own. */
  wait({ waitToken, payload, ...wait }: InspectedWait) {
    return {
      ...wait,
      canAnswer: waitToken !== undefined,
      payload: payload === undefined ? undefined : this.shown(JSON.parse(payload), BRIEF),
    };
  }

  definition({ original, current, isChanged }: InspectedDefinition) {
    const changes =
      original === undefined || current === undefined || !isChanged ? undefined : definitionChanges(original, current);
    return {
      graph: original === undefined ? undefined : this.#graph(original),
      hasCurrent: current !== undefined,
      isChanged,
      changes,
    };
  }

  /** A failure with its stack and causes. */
  failure(failure: FailureRecord) {
    const { nodeId, nodeName, attempts } = failure;
    return { ...fault(failure, 0), nodeId, nodeName, attempts };
  }

  redact(json: Json): Json {
    return redact(json, this.#redacted);
  }

  shown(json: Json, limits: Limits): Json {
    return cut(this.redact(json), limits);
  }

  #graph(definition: WorkflowDefinition) {
    const { nodes, edges } = drawnGraph(definition);
    return {
      nodes: nodes.map((node, index) => ({ ...node, data: this.#data(definition.nodes[index]?.data) })),
      edges,
    };
  }

  #data(data: unknown): Json | undefined {
    return data === undefined ? undefined : this.shown(JSON.parse(JSON.stringify(data)) as Json, MAX_DATA);
  }
}

/** A failure in a list: without stack and causes. */
function briefFailure({ code, message, nodeId, nodeName, attempts, name }: FailureRecord) {
  return { code, message: shorten(message, MAX_MESSAGE), nodeId, nodeName, attempts, name };
}

/** An error with its causes, as the page shows it. */
export interface Fault {
  name?: string | undefined;
  code?: string | undefined;
  message: string;
  stack?: string | undefined;
  cause?: Fault | undefined;
  errors?: Fault[] | undefined;
}

type GivenFault = Omit<FailureRecord, "code"> & { code?: string | number };

function fault(given: GivenFault | string, depth: number): Fault {
  if (typeof given === "string") return { message: shorten(given, MAX_MESSAGE) };
  const { name, message, stack, cause, errors } = given;
  const code = given.errorCode ?? given.code;
  const isDeep = depth >= MAX_CAUSES;
  return {
    name,
    code: code === undefined ? undefined : String(code),
    message: shorten(message, MAX_STACK),
    stack: stack === undefined ? undefined : shorten(stack, MAX_STACK),
    cause: cause === undefined || isDeep ? undefined : fault(cause as GivenFault, depth + 1),
    errors: errors === undefined || isDeep ? undefined : errors.slice(0, 20).map((each) => fault(each, depth + 1)),
  };
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
