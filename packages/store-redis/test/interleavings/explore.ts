import { setImmediate as turn } from "node:timers/promises";
import type { RedisClient } from "../../src/index.ts";

/** A command that an actor wants to send. */
interface Pending {
  actor: string;
  /** Script and arguments. The same twice are sent together: how often a head is read depends on the clock. */
  text: string;
  sends: (() => Promise<void>)[];
}

/** One run: who may send a command, or dies, is decided from outside at every step. */
export class Schedule {
  readonly #server: RedisClient;
  readonly #decide: (choices: number) => number;
  readonly #mayCrash: readonly string[];
  readonly trace: string[] = [];
  #pending: Pending[] = [];
  /** The actor that died, if any. At most one does. */
  crashed: string | undefined;

  constructor(options: { server: RedisClient; decide: (choices: number) => number; mayCrash: readonly string[] }) {
    this.#server = options.server;
    this.#decide = options.decide;
    this.#mayCrash = options.mayCrash;
  }

  /** A client that sends each command only when this actor's turn has come. */
  clientOf(actor: string): RedisClient {
    const evalsha = (...args: [string, number, ...string[]]) =>
      new Promise((resolve, reject) => {
        if (this.crashed === actor) return;
        const text = args.join(" ");
        const send = () => this.#server.evalsha(...args).then(resolve, reject);
        const same = this.#pending.find((pending) => pending.actor === actor && pending.text === text);
        if (same !== undefined) same.sends.push(send);
        else this.#pending.push({ actor, text, sends: [send] });
      });
    const client = { status: "ready", on: () => {}, off: () => {}, isCluster: true, evalsha };
    return client as unknown as RedisClient;
  }

  /** Lets all actors run until none has a command to send. */
  async run(): Promise<void> {
    for (;;) {
      // An actor that got an answer continues to its next command before the next decision.
      await turn();
      await turn();
      if (this.#pending.length === 0) return;
      const crashes = this.crashed === undefined ? this.#mayCrash.filter((actor) => this.#wants(actor)) : [];
      const choice = this.#decide(this.#pending.length + crashes.length);
      const victim = crashes[choice - this.#pending.length];
      if (victim !== undefined) {
        this.crashed = victim;
        this.#pending = this.#pending.filter(({ actor }) => actor !== victim);
        this.trace.push(`${victim} dies`);
        continue;
      }
      const [chosen] = this.#pending.splice(choice, 1);
      this.trace.push(chosen?.actor ?? "");
      await Promise.all(chosen?.sends.map((send) => send()) ?? []);
    }
  }

  #wants(actor: string): boolean {
    return this.#pending.some((pending) => pending.actor === actor);
  }
}

/**
 * Runs `once` for every sequence of decisions there is, and returns how many there were.
 *
 * - `once` must be the same each time, but for the decisions.
 * - Beyond `limit` sequences, it runs as many again that are drawn at random, by the seed.
 */
export async function exploreAll(
  once: (decide: (choices: number) => number) => Promise<void>,
  { limit, seed }: { limit: number; seed: number },
): Promise<number> {
  let path: { choice: number; choices: number }[] = [];
  for (let runs = 1; ; runs++) {
    if (runs > limit) return runs + (await exploreSome(once, limit, seed));
    let step = 0;
    await once((choices) => {
      path[step] ??= { choice: 0, choices };
      const made = path[step] as { choice: number; choices: number };
      if (made.choices !== choices) throw new Error("The run is not the same as before.");
      step += 1;
      return made.choice;
    });
    path = path.slice(0, step);
    while (path.length > 0 && (path.at(-1)?.choice ?? 0) + 1 === path.at(-1)?.choices) path.pop();
    const last = path.at(-1);
    if (last === undefined) return runs;
    last.choice += 1;
  }
}

/** Runs `once` with sequences of decisions that are drawn: it need not be the same each time. Returns their number. */
export async function exploreSome(
  once: (decide: (choices: number) => number) => Promise<void>,
  count: number,
  seed: number,
): Promise<number> {
  // Numerical Recipes' linear congruential generator: a run can be repeated by its seed.
  let state = seed >>> 0;
  const draw = (choices: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * choices);
  };
  for (let runs = 0; runs < count; runs++) await once(draw);
  return count;
}
