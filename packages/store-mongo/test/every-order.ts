import { isThorough } from "tooling/thorough";
import type { Stepper } from "./stepper.ts";

/**
 * How often an actor may be interrupted that could go on: every order within that is tried, and every crash in each. Default:
 * once in `pnpm check`, and never in `npm test`, where one actor follows the other.
 *
 * - WAYMARK_INTERRUPTIONS=99 tries every order there is, which takes an hour.
 */
const MAX_INTERRUPTIONS = Number(process.env.WAYMARK_INTERRUPTIONS ?? (isThorough ? 1 : 0));

/** One of several ways to go on, and how many there were. */
export interface Choice {
  chosen: number;
  of: number;
}

/** Runs every path through a tree of choices, depth first, and discovers it meanwhile. Returns the number of paths. */
export async function tryEveryOrder(run: (path: readonly number[]) => Promise<Choice[]>): Promise<number> {
  let tried = 0;
  let path: number[] | undefined = [];
  while (path !== undefined) {
    path = nextPath(await run(path));
    tried += 1;
  }
  return tried;
}

function nextPath(choices: readonly Choice[]): number[] | undefined {
  const last = choices.findLastIndex(({ chosen, of }) => chosen + 1 < of);
  if (last === -1) return undefined;
  return choices.slice(0, last + 1).map(({ chosen }, index) => (index === last ? chosen + 1 : chosen));
}

/** Lets the actors continue by one path, and then by the first choice each time, until all have finished. */
export async function goThrough(
  stepper: Stepper,
  path: readonly number[],
  maxInterruptions = MAX_INTERRUPTIONS,
): Promise<Choice[]> {
  const choices: Choice[] = [];
  let hasCrashed = false;
  let interruptions = 0;
  let current: string | undefined;
  for (;;) {
    const all = await stepper.waiting();
    if (all.length === 0) return choices;
    const canGoOn = current !== undefined && all.includes(current);
    const waiting = canGoOn && interruptions === maxInterruptions ? [String(current)] : all;
    // Each of those who wait may go on, or be the one that crashes.
    const of = waiting.length * (hasCrashed ? 1 : 2);
    const chosen = path[choices.length] ?? 0;
    choices.push({ chosen, of });
    const name = String(waiting[chosen % waiting.length]);
    if (canGoOn && name !== current) interruptions += 1;
    current = name;
    if (chosen < waiting.length) stepper.go(name);
    else {
      hasCrashed = true;
      stepper.crash(name);
    }
  }
}
