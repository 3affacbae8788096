import { type CheckpointStore, createWorkflowEngine, type WorkflowStatus } from "@waymark/core";
import { type StoreAddress, seededRandom } from "../plan.ts";
import type { Observed } from "./chaos-case.ts";
import { childExecutors } from "./chaos-child-executors.ts";
import { LATE_TYPE } from "./chaos-children.ts";
import { type ChaosControl, engineControl } from "./chaos-control.ts";
import { judgeChaos } from "./chaos-verdict.ts";
import { planOf } from "./chaos-workflow.ts";
import type { Disturbance, DisturbanceCounts, Disturbed } from "./disturbances.ts";
import { EffectsServer } from "./effects-server.ts";
import { Ledger } from "./ledger.ts";
import { Outside } from "./outside.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What {@link runChaosTrial} does. */
export interface ChaosTrialOptions {
  /** How the workers open the store. */
  address: StoreAddress;
  /** Opens the store in this process, for the verdict and for calls from outside. */
  open: () => Promise<CheckpointStore>;
  /** One process at a time can open the store: then workers make the calls from outside, too. */
  isExclusive?: boolean;
  workers: number;
  /** Executions that have begun and not ended, at a time. */
  inFlight: number;
  /** Decides the workflows, and what is done to them and to the workers; not what happens first. */
  seed: number;
  leaseMs: number;
  /**
   * Milliseconds after the last disturbance for which executions may go on. What stands still is found sooner, and on a
   * slow machine too. Default: 120,000.
   */
  settleMs?: number;
  disturb: Disturbance;
}

/** What a chaos trial found: figures, and everything that should not have been. */
export interface ChaosVerdict extends DisturbanceCounts {
  seed: number;
  executions: number;
  /** Those of them that are forks of others. */
  forks: number;
  ends: Partial<Record<WorkflowStatus, number>>;
  /** The executions that others have started. */
  children: number;
  /** Calls of the store that failed, were late, or whose answer was lost. */
  faults: number;
  claims: number;
  /** Claims of executions whose owner was presumed dead. */
  recoveries: number;
  /** How often the worker of the version before has left to others what only these know. */
  left: number;
  /** Commits that were refused since the execution had another owner. */
  refusedCommits: number;
  effects: number;
  /** Requests for an effect that had been made. */
  repeatedEffects: number;
  /** From the death of an owner to the next claim, at most. */
  longestRecoveryMs: number;
  /** From the last disturbance to the last end. */
  settledMs: number;
  violations: string[];
}

/** The probability of each fault, for each call of a worker's store. */
const FAULT_RATE = 0.01;

/**
 * Runs random workflows in several processes while these, or their store, are disturbed; lets them end their work in
 * peace, and compares what became of each execution with a model.
 */
export async function runChaosTrial(options: ChaosTrialOptions): Promise<ChaosVerdict> {
  const store = options.isExclusive === true ? undefined : await options.open();
  try {
    return await new ChaosTrial(options, store).run();
  } finally {
    await store?.close();
  }
}

class ChaosTrial implements Disturbed {
  readonly random: () => number;
  readonly leaseMs: number;
  readonly workers: WorkerProcess[] = [];
  readonly #options: ChaosTrialOptions;
  readonly #store: CheckpointStore | undefined;
  readonly #outside: Outside;
  readonly #effects = new EffectsServer((asked) => this.#outside.answer(asked));
  readonly #ledger = new Ledger((executionId, status) => this.#outside.told(executionId, status));
  #effectsUrl = "";
  #spawned = 0;
  #isCalm = false;

  constructor(options: ChaosTrialOptions, store: CheckpointStore | undefined) {
    const { seed, leaseMs } = options;
    this.#options = options;
    this.#store = store;
    this.random = seededRandom(seed);
    this.leaseMs = leaseMs;
    const own = store === undefined ? undefined : this.#controlOf(store);
    this.#outside = new Outside({
      ...{ seed, random: this.random, own, worker: (which) => this.#anyWorker(which).control },
      onRest: (executionId) => this.#ledger.rests(executionId),
      ownerless: () => this.#ledger.ownerless,
      isParent: (executionId) => this.#ledger.parents.has(executionId),
      passedOver: (executionId) => this.#ledger.passedOver(executionId, this.workers),
    });
  }

  async run(): Promise<ChaosVerdict> {
    const { disturb, inFlight, settleMs = 120_000, seed } = this.#options;
    await using effects = this.#effects;
    this.#effectsUrl = await effects.listen();
    try {
      // One of several is of the version before.
      for (let number = 0; number < this.#options.workers; number++) this.#spawn(number === 1);
      await Promise.all(this.workers.map(({ ready }) => ready));
      let calmMs = 0;
      const disturbed = disturb(this).finally(() => {
        calmMs = performance.now();
        this.#calm();
      });
      await this.#outside.run(inFlight, disturbed, settleMs);
      const settledMs = Math.round(performance.now() - calmMs);
      await this.#drain();
      const { executions } = this.#outside;
      const { ends, children, violations } = await this.#judge();
      const { claims, recoveries, faults, refused: refusedCommits, longestRecoveryMs } = this.#ledger;
      return {
        ...{
          seed,
          executions: executions.size,
          forks: forksIn(executions),
          ends,
          children,
          ...(await disturbed),
          faults,
          claims,
          recoveries,
        },
        ...{
          left: this.#ledger.left,
          refusedCommits,
          effects: effects.effects.size,
          repeatedEffects: effects.repeated,
        },
        ...{ longestRecoveryMs, settledMs, violations: [...this.#outside.violations, ...violations] },
      };
    } finally {
      await Promise.all(this.workers.map((worker) => worker.kill()));
    }
  }

  readonly cutOff = (worker?: WorkerProcess): void => this.#ledger.cutOff(worker);

  readonly replace = (worker: WorkerProcess): void => {
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#spawn(worker.isOld);
  };

  #spawn(isOld: boolean): void {
    const { address, seed, leaseMs } = this.#options;
    const plan = {
      ...{ store: address, effectsUrl: this.#effectsUrl, leaseMs, intervalMs: Math.ceil(leaseMs / 5) },
      ...{ seed: seed * 1_000 + this.#spawned++, faultRate: FAULT_RATE, maxRecoveries: 1_000_000 },
      isOld,
    };
    const worker = new WorkerProcess(plan, (from, note) => this.#ledger.take(from, note));
    this.workers.push(worker);
    if (this.#isCalm) void worker.ready.then(() => worker.calm());
  }

  /** Ends the faults and the jumps of the clock. */
  #calm(): void {
    this.#isCalm = true;
    for (const worker of this.workers) void worker.ready.then(() => worker.calm());
  }

  #anyWorker({ isCurrent = false } = {}): WorkerProcess {
    const workers = this.workers.filter(({ isOld }) => !isCurrent || !isOld);
    const running = workers.filter(({ isRunning }) => isRunning);
    const from = running.length === 0 ? workers : running;
    return from[Math.floor(this.random() * from.length)] as WorkerProcess;
  }

  #controlOf(store: CheckpointStore): ChaosControl {
    const engine = createWorkflowEngine({
      store,
      workflows: (id) => planOf(id)?.definition,
      executors: { default: ({ context }) => context, [LATE_TYPE]: ({ context }) => context, ...childExecutors() },
      leaseMs: this.leaseMs,
    });
    return engineControl(engine, store);
  }

  async #drain(): Promise<void> {
    const codes = await Promise.all(this.workers.map((worker) => worker.drain()));
    for (const code of codes) if (code !== 0) this.#outside.violations.push(`A worker ended with ${code}`);
  }

  async #judge() {
    const store = this.#store ?? (await this.#options.open());
    const { executions } = this.#outside;
    const verdict = await judgeChaos({ store, executions, effects: this.#effects, ledger: this.#ledger });
    if (this.#store === undefined) await store.close();
    return verdict;
  }
}

function forksIn(executions: ReadonlyMap<string, Observed>): number {
  return [...executions.values()].filter(({ forkedAt }) => forkedAt !== undefined).length;
}
