import { isDeepStrictEqual } from "node:util";
import { type CheckpointStore, type Clock, systemClock } from "@waymark/core";
import { ManualClock } from "@waymark/core/testing";
import "../../../packages/core/test/engine/preloaded.ts";
import { seededRandom } from "../plan.ts";
import { JumpingDate } from "./jumping-date.ts";
import { type Observed, observePlan, type Surroundings } from "./observe-plan.ts";
import { type Durations, HOUR_MS, randomPlan } from "./random-workflow.ts";
import { type WatchedStore, watchStore } from "./watched-store.ts";

/** The options of {@link runClockTrial}. */
export interface ClockTrialOptions {
  store: CheckpointStore;
  /** The number of random workflows. Each runs twice. */
  workflows: number;
  /** The seed that determines the workflows and the jumps of the clock. */
  seed: number;
  /**
   * `moved`: the trial advances the engine's monotonic time itself, so that a minute takes no time, and everything
   * repeats exactly, including renewals. `real`: the system's own clock. In both cases, `Date` jumps.
   */
  time: "moved" | "real";
}

/** The result of a clock trial: figures, and all differences from runs without jumps. */
export interface ClockVerdict {
  workflows: number;
  nodeRuns: number;
  retries: number;
  renewals: number;
  suspensions: number;
  jumps: number;
  violations: string[];
}

const DURATIONS: Record<ClockTrialOptions["time"], Durations> = {
  moved: { short: 200, long: 75_000, backoff: 20_000, budgets: [0, 200, 75_000, HOUR_MS] },
  // Whether a budget is spent must not depend on the speed of the machine: such runs could not be compared.
  real: { short: 2, long: 5, backoff: 3, budgets: [0, HOUR_MS] },
};

/**
 * Runs random workflows, each with a correct wall clock and again with one that jumps by up to an hour at random steps,
 * forwards and back, and sometimes reads fractions, NaN and infinity. Compares the results.
 */
export async function runClockTrial(options: ClockTrialOptions): Promise<ClockVerdict> {
  const { workflows, seed, time } = options;
  const verdict: ClockVerdict = {
    workflows: 0,
    nodeRuns: 0,
    retries: 0,
    renewals: 0,
    suspensions: 0,
    jumps: 0,
    violations: [],
  };
  for (let number = 0; number < workflows; number++) {
    const name = `clock-${time}-${seed}-${number}`;
    const plan = () => randomPlan(seededRandom(seed + number), name, DURATIONS[time]);
    const undisturbed = await observePlan(
      plan(),
      surroundingsOf(options, `${name}-right`, () => undefined),
    );
    using date = new JumpingDate();
    const random = seededRandom(seed + number + 1_000_003);
    const jump = () => date.jumpTo(Math.round((random() * 2 - 1) * HOUR_MS));
    const disturbed = await observePlan(plan(), surroundingsOf(options, `${name}-jumping`, jump));
    verdict.workflows += 1;
    verdict.nodeRuns += disturbed.runs.length;
    verdict.retries += disturbed.retries;
    verdict.renewals += disturbed.renewals;
    verdict.suspensions += disturbed.suspensions;
    verdict.jumps += date.jumps;
    verdict.violations.push(...differences(name, undisturbed, disturbed));
  }
  return verdict;
}

function differences(name: string, right: Observed, jumping: Observed): string[] {
  const violations: string[] = [];
  for (const key of Object.keys(right) as (keyof Observed)[]) {
    const [was, is] = [right[key], jumping[key]].map((each) => (Array.isArray(each) ? each : [each]));
    const at = was?.findIndex((each, index) => !isDeepStrictEqual(each, is?.[index])) ?? -1;
    if (at < 0 && was?.length === is?.length) continue;
    violations.push(
      `${name}: ${key} ${at}: ${JSON.stringify(is?.at(at))}; without jumps ${JSON.stringify(was?.at(at))}`,
    );
  }
  const last = right.ends.at(-1) as { status?: string };
  if (last.status !== "completed") violations.push(`${name}: ends as ${JSON.stringify(last)}`);
  return violations;
}

function surroundingsOf({ store, time }: ClockTrialOptions, executionId: string, jump: () => void): Surroundings {
  const watched = watchStore(store, jump);
  const common = { store: watched.store, executionId, renewals: watched.renewals, onStep: jump };
  if (time === "real") return { ...common, clock: systemClock, toEnd: (run) => run, exact: false };
  const { clock, toEnd } = movedTime(watched);
  return { ...common, clock, toEnd, exact: true };
}

/** A clock that advances to the next timer whenever nothing else happens. Its `now` is that of `Date`. */
function movedTime(watched: WatchedStore): Pick<Surroundings, "clock" | "toEnd"> {
  const time = new ManualClock(0);
  let readings = 0;
  const now = () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0.5][readings++ % 13];
    return odd ?? Date.now() + 0.25;
  };
  const clock: Clock = {
    now,
    elapsed: () => time.elapsed(),
    schedule: (delayMs, callback) => time.schedule(delayMs, callback),
  };
  async function toEnd<T>(run: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    run.then(end, end);
    while (!isOver) {
      await quiet(watched, () => isOver);
      const { nextMs } = time;
      if (!isOver && nextMs !== undefined) time.advance(nextMs);
    }
    return run;
  }
  return { clock, toEnd };
}

/** Waits until no store call is in progress, and none has begun for some turns of the event loop. */
async function quiet(watched: WatchedStore, isOver: () => boolean): Promise<void> {
  for (let turns = 0, seen = -1; turns < 6 && !isOver(); turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (watched.underWay() > 0 || watched.calls() !== seen) [turns, seen] = [0, watched.calls()];
  }
}
