import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SwarmPlan } from "./swarm-plan.ts";

const WORKER = fileURLToPath(new URL("./swarm-worker.ts", import.meta.url));

/** Milliseconds by which the clock of the second process is wrong. */
const CLOCK_OFF_MS = 3_600_000;
const FREEZES_PER_KILL = 0.4;

/** The processes of a swarm. One that has ended is replaced, until {@link SwarmProcesses.end}. */
export class SwarmProcesses {
  readonly #plan: Omit<SwarmPlan, "clockOffMs">;
  readonly #places: (ChildProcess | undefined)[];
  /** Those that work, and are not frozen. */
  readonly #working = new Set<ChildProcess>();
  #isOver = false;
  kills = 0;
  freezes = 0;

  constructor(plan: Omit<SwarmPlan, "clockOffMs">, count: number) {
    this.#plan = plan;
    this.#places = Array.from({ length: count }, () => undefined);
    for (const index of this.#places.keys()) this.#start(index);
  }

  /**
   * Kills a process with SIGKILL, and now and then freezes another for longer than its lease. Processes that only start
   * are spared, and the last one that works: otherwise a busy machine would do nothing but start processes.
   */
  disturb(random: () => number): void {
    const killed = this.#take(random);
    if (killed === undefined) return;
    this.kills++;
    killed.kill("SIGKILL");
    const frozen = random() < FREEZES_PER_KILL ? this.#take(random) : undefined;
    if (frozen === undefined) return;
    this.freezes++;
    frozen.kill("SIGSTOP");
    void sleep(this.#plan.leaseMs * (1.1 + random())).then(() => {
      frozen.kill("SIGCONT");
      if (this.#places.includes(frozen)) this.#working.add(frozen);
    });
  }

  /** Takes one of those that work, unless it is the last one. */
  #take(random: () => number): ChildProcess | undefined {
    if (this.#working.size < 2) return undefined;
    const process = [...this.#working][Math.floor(random() * this.#working.size)];
    if (process !== undefined) this.#working.delete(process);
    return process;
  }

  end(): void {
    this.#isOver = true;
    for (const process of this.#places) process?.kill("SIGKILL");
  }

  #start(index: number): void {
    const plan: SwarmPlan = { ...this.#plan, clockOffMs: index === 1 ? CLOCK_OFF_MS : 0 };
    const child = spawn(process.execPath, [WORKER, JSON.stringify(plan)], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    this.#places[index] = child;
    child.stdout?.once("data", () => this.#working.add(child));
    child.once("exit", () => {
      this.#working.delete(child);
      if (!this.#isOver) this.#start(index);
    });
  }
}
