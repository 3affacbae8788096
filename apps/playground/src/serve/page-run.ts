import { randomUUID } from "node:crypto";
import { areEqual } from "@waymark/core/migration";
import { cleanText, quoted } from "@waymark/core/store";
import { drawnGraph } from "@waymark/inspector/server/drawn-graph.ts";
import { DEFAULT_USER_ID } from "../compare/executors.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { V2Call, WorkerTask } from "../kill/task.ts";
import { isDurable, type StoreChoice } from "../store/open-store.ts";
import { messageOf } from "../values/message-of.ts";
import { type Disturbance, newSide, type RunView } from "./run-view.ts";
import { SideRun } from "./side-run.ts";

/** The processes that a side may have: a person can kill one after the other. */
const MAX_PROCESSES = 8;
const RUN_LIMIT_MS = 120_000;
const MODEL = "stand-in";

/** What is run, and how. */
export interface RunOrder {
  loaded: LoadedWorkflow;
  input: Record<string, unknown>;
  store: StoreChoice;
  disturbance: Disturbance;
  paceMs: number;
}

/** A run of both executors, side by side, in processes of their own. */
export class PageRun {
  readonly view: RunView;
  /** The outputs of both, once there are. */
  readonly outputs: { v1?: unknown; v2?: unknown } = {};
  readonly #order: RunOrder;
  readonly #listeners = new Set<() => void>();
  readonly #sides: { v1?: SideRun; v2?: SideRun } = {};
  readonly #ended: Promise<void>;
  /** Each resolves once the first process of its side is at its first node, or has ended. The store of V2 takes a while to open. */
  readonly #atStart = { v1: Promise.withResolvers<void>(), v2: Promise.withResolvers<void>() };
  #columnBytes = 0;
  #isClosed = false;

  constructor(order: RunOrder) {
    const { loaded, store, disturbance } = order;
    this.#order = order;
    this.view = {
      id: randomUUID(),
      workflowId: loaded.workflow.id,
      title: loaded.title,
      graph: drawnGraph(loaded.workflow),
      store: store.name,
      disturbance,
      isOver: false,
      ...(isDurable(store) ? { executionId: `page-${randomUUID()}` } : {}),
      v1: newSide(),
      v2: newSide(),
      times: [],
      written: [],
    };
    this.#ended = this.#run();
  }

  /** Resolves once both sides have ended. Never rejects. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Calls back after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kills the processes of both sides that run, with SIGKILL. Returns false if none does. */
  kill(): boolean {
    const killed = [this.#sides.v1?.kill(), this.#sides.v2?.kill()];
    return killed.includes(true);
  }

  /** Ends everything, and starts no further process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.kill();
    await this.#ended;
  }

  async #run(): Promise<void> {
    try {
      const { v1: first, v2: second } = this.#atStart;
      await Promise.all([this.#runV1().finally(first.resolve), this.#runV2().finally(second.resolve)]);
      const { v1, v2 } = this.view;
      if (v1.status === "completed" && v2.status === "completed") {
        this.view.equal = areEqual(this.outputs.v1, this.outputs.v2);
      }
    } catch (error) {
      this.view.problem = cleanText(messageOf(error), 1_000);
    } finally {
      this.view.isOver = true;
      this.#changed();
      await Promise.all([this.#sides.v1?.close(), this.#sides.v2?.close()]);
    }
  }

  async #runV1(): Promise<void> {
    const side = await this.#open("v1");
    for (let count = 1; count <= MAX_PROCESSES && !this.#isClosed; count++) {
      const isFirst = count === 1;
      const task = this.#task(side, { name: "v1" }, isFirst);
      const { outcome } = await side.run(isFirst ? "start" : "again", task);
      if (isFirst) this.#sayIfMissed(side);
      if (outcome?.success) this.outputs.v1 = outcome.output;
      if (outcome !== undefined && !(isFirst && this.#isMeant(side))) return;
    }
  }

  async #runV2(): Promise<void> {
    const { store } = this.#order;
    const { id, executionId = id } = this.view;
    const side = await this.#open("v2");
    // A user of its own keeps the recovery away from other executions in the same store.
    const owner = `page ${id}`;
    const run = (kind: "start" | "resume" | "recover", call: V2Call) =>
      side.run(kind, this.#task(side, { name: "v2", store, contextMode: "frozen", call }, kind === "start"));
    let { outcome } = await run("start", { name: "start", executionId, owner });
    this.#sayIfMissed(side);
    if (outcome !== undefined && this.#isMeant(side) && isDurable(store)) {
      ({ outcome } = await run("resume", { name: "resume", executionId }));
    }
    while (outcome === undefined && isDurable(store) && side.view.processes.length < MAX_PROCESSES && !this.#isClosed) {
      ({ outcome } = await run("recover", { name: "recover", owner }));
    }
    if (outcome?.success) this.outputs.v2 = outcome.output;
  }

  /** Returns true if a side has failed where it was to fail. */
  #isMeant({ view }: SideRun): boolean {
    const { disturbance } = this.#order;
    return view.status === "failed" && disturbance.kind === "fail" && view.failedNode === disturbance.nodeId;
  }

  /** A run that never comes to the node looks as if nothing had been asked for. */
  #sayIfMissed(side: SideRun): void {
    const { disturbance } = this.#order;
    if (disturbance.kind === "none" || side.view.status !== "completed") return;
    const end = disturbance.kind === "fail" ? "fail" : "be killed";
    side.note(`it never came to ${quoted(this.#nameOf(disturbance.nodeId))}, where it was to ${end}`);
  }

  #nameOf(nodeId: string): string {
    return this.#order.loaded.workflow.nodes.find(({ id }) => id === nodeId)?.name ?? nodeId;
  }

  async #open(name: "v1" | "v2"): Promise<SideRun> {
    const side = await SideRun.open(name, {
      faults: this.#order.loaded.faults,
      nameOf: (nodeId) => this.#nameOf(nodeId),
      listener: {
        onReady: async () => {
          this.#atStart[name].resolve();
          await Promise.all([this.#atStart.v1.promise, this.#atStart.v2.promise]);
        },
        onChange: () => {
          if (side.view.processes[0]?.end !== undefined) this.#atStart[name].resolve();
          this.#changed();
        },
        onNode: (nodeId, { durationMs, contextBytes }) => {
          const known = this.view.times.find((each) => each.nodeId === nodeId);
          if (known === undefined) this.view.times.push({ nodeId, [name]: durationMs });
          else known[name] = durationMs;
          if (name === "v2") this.#columnBytes += contextBytes;
        },
        onCheckpoint: () => {
          this.view.written.push({ checkpoints: side.view.counters.bytes, column: this.#columnBytes });
        },
      },
    });
    this.view[name] = side.view;
    this.#sides[name] = side;
    return side;
  }

  #task(side: SideRun, executor: WorkerTask["executor"], isFirst: boolean): WorkerTask {
    const { loaded, input, disturbance, paceMs } = this.#order;
    const { workflow, children, format, startAt } = loaded;
    const isKilled = isFirst && disturbance.kind === "kill";
    return {
      loaded: { workflow, children, format, input, ...(startAt === undefined ? {} : { startAt }) },
      services: { url: side.url, model: MODEL },
      modules: {},
      userId: DEFAULT_USER_ID,
      runLimitMs: RUN_LIMIT_MS,
      executor,
      watch: {
        paceMs,
        startsOnGo: isFirst,
        ...(isFirst && disturbance.kind === "fail" ? { failAfter: disturbance.nodeId } : {}),
      },
      ...(isKilled ? { stopAt: { ...disturbance, sendsRequests: this.#sendsRequests(disturbance.nodeId) } } : {}),
    };
  }

  #sendsRequests(nodeId: string): boolean {
    const node = this.#order.loaded.workflow.nodes.find(({ id }) => id === nodeId);
    return node?.type === "http-request" || node?.type === "llm" || node?.data?.request !== undefined;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
