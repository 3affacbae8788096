import type {
  CheckpointKind,
  ExecutionRecord,
  FailureRecord,
  HeadUpdate,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import type { Difference } from "./delta.ts";
import type { RestoredState } from "./fresh-state.ts";
import type { Progress } from "./progress.ts";
import { sizesAfter, sizesGrown, type TextSizes } from "./text-sizes.ts";

/** The state of an execution as its owner has it in memory, with what is not committed. Immutable. */
export interface DraftState {
  /** As the codec decodes it. Not to be handed out as it is: see ContextValues. */
  readonly context: Record<string, unknown>;
  /** False if the context surely holds no instance (Map, Date, bytes…): nothing in its text is tagged. */
  readonly holdsInstances: boolean;
  readonly progress: Progress;
  /** The texts of the operations that no record holds yet. */
  readonly unsaved: readonly string[];
  readonly sizes: TextSizes;
  readonly status: WorkflowStatus;
  readonly currentStep: number;
  readonly totalSteps: number;
  readonly checkpointsCount: number;
  readonly failure: FailureRecord | undefined;
  readonly definitionHash: string | undefined;
  /** What a claim has left on the head, and the first commit removes. */
  readonly outdated: HeadUpdate | undefined;
}

/** The state of an execution that was read or claimed. */
export function draftOf(head: ExecutionRecord, restored: RestoredState): DraftState {
  const { status, currentStep, totalSteps, checkpointsCount, failure, definitionHash } = head;
  const counters = { status, currentStep, totalSteps, checkpointsCount };
  return {
    ...restored,
    ...counters,
    failure,
    definitionHash,
    unsaved: [],
    outdated: outdatedBy(head, restored.progress),
  };
}

/** A claim leaves what the execution waited for, and why it was failing, for the run to know. Nodes may still wait, or fail. */
function outdatedBy(
  { status, wakeAt, waiting, waitingCount, failure }: ExecutionRecord,
  progress: Progress,
): HeadUpdate | undefined {
  if (status !== "running") return undefined;
  const isWaiting = progress.waiting.size > 0;
  const isFailing = [...progress.attempts.values()].some(({ retryAtMs }) => retryAtMs !== undefined);
  const outdated: HeadUpdate = {
    ...(wakeAt === undefined ? {} : { wakeAt: null }),
    ...(waiting === undefined || isWaiting ? {} : { waiting: null }),
    ...(waitingCount === undefined || isWaiting ? {} : { waitingCount: null }),
    ...(failure === undefined || isFailing ? {} : { failure: null }),
  };
  return Object.keys(outdated).length === 0 ? undefined : outdated;
}

/** The state with another context. */
export function withContext(state: DraftState, { value, operations, growth, holdsInstances }: Difference): DraftState {
  return {
    ...state,
    context: value as Record<string, unknown>,
    sizes: sizesGrown(state.sizes, growth),
    unsaved: state.unsaved.length === 0 ? operations : [...state.unsaved, ...operations],
    holdsInstances: state.holdsInstances || holdsInstances,
  };
}

/** The state with the fields that a head changes. */
export function withHead(state: DraftState, head: HeadUpdate): DraftState {
  const { status, currentStep = state.currentStep, totalSteps = state.totalSteps, definitionHash, failure } = head;
  const isSame = currentStep === state.currentStep && totalSteps === state.totalSteps;
  // As after most nodes.
  if (isSame && status === undefined && definitionHash === undefined && failure === undefined) return state;
  return {
    ...state,
    status: status ?? state.status,
    currentStep,
    totalSteps,
    definitionHash: definitionHash ?? state.definitionHash,
    failure: failure === undefined ? state.failure : (failure ?? undefined),
  };
}

/** A change of the head, and with it what a claim has left there. */
export function updateOf({ outdated }: DraftState, head: HeadUpdate): HeadUpdate {
  if (outdated === undefined) return head;
  const { wakeAt, ...others } = outdated;
  return { ...others, ...(wakeAt === undefined || head.wakeInMs !== undefined ? {} : { wakeAt }), ...head };
}

/** The state once a record holds all that was unsaved. `growth` is that of the state's text, beside the context's. */
export function afterRecord(
  state: DraftState,
  record: { kind: CheckpointKind; payload: string; progress: Progress; growth?: number; currentStep?: number },
): DraftState {
  const { kind, payload, progress, growth = 0, currentStep = state.currentStep } = record;
  return {
    ...state,
    progress,
    currentStep,
    unsaved: NOTHING,
    sizes: sizesAfter(state.sizes, { kind, payload, growth }),
    checkpointsCount: kind === "save" ? state.checkpointsCount : state.checkpointsCount + 1,
  };
}

const NOTHING: readonly string[] = [];
