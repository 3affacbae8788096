import { ProblemError, problem } from "@waymark/inspector/server/problem.ts";
import { PageRun, type RunOrder } from "./page-run.ts";
import type { StoreDesk } from "./store-desk.ts";

/** The runs whose results are kept. */
const MAX_RUNS = 20;

/** The runs of the page, one at a time. */
export class Runs {
  readonly #desk: StoreDesk;
  readonly #runs: PageRun[] = [];
  #isStarting = false;

  constructor(desk: StoreDesk) {
    this.#desk = desk;
  }

  get last(): PageRun | undefined {
    return this.#runs.at(-1);
  }

  /** @throws {ProblemError} RUN_NOT_FOUND */
  get(id: string): PageRun {
    const run = this.#runs.find(({ view }) => view.id === id);
    if (run === undefined) throw new ProblemError(problem(404, "RUN_NOT_FOUND", "There is no such run any more."));
    return run;
  }

  /** @throws {ProblemError} RUN_UNDER_WAY */
  async start(order: RunOrder): Promise<PageRun> {
    if (this.#isStarting || this.last?.view.isOver === false) {
      throw new ProblemError(problem(409, "RUN_UNDER_WAY", "A run is under way. One at a time."));
    }
    this.#isStarting = true;
    try {
      await this.#desk.lend(order.store);
      const run = new PageRun(order);
      this.#runs.push(run);
      if (this.#runs.length > MAX_RUNS) this.#runs.shift();
      void run.ended.then(() => this.#desk.takeBack());
      return run;
    } finally {
      this.#isStarting = false;
    }
  }

  async close(): Promise<void> {
    await this.last?.close();
  }
}
