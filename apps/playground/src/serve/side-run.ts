import { cleanText, quoted } from "@waymark/core/store";
import { countRepeats, type RecordedRun } from "../compare/repeats.ts";
import { runWorker, type WorkerRun } from "../kill/run-worker.ts";
import type { WatchedNode, WorkerMessage, WorkerTask } from "../kill/task.ts";
import { type ServiceServer, startServiceServer } from "../server/service-server.ts";
import { newSide, type ProcessView, type SideName, type SideView } from "./run-view.ts";

/** The lines of a side's log that are kept. */
const MAX_LOG = 200;
const MAX_TEXT = 1_000;

/** What a side tells about its nodes, for the plots. */
export interface SideListener {
  /** Resolves once the first process may run its first node. Never rejects. */
  onReady: () => Promise<void>;
  onChange: () => void;
  onNode: (nodeId: string, node: WatchedNode) => void;
  onCheckpoint: (bytes: number) => void;
}

/** One executor of a run: its processes, one after the other, and its services. */
export class SideRun {
  readonly view: SideView = newSide();
  readonly #name: SideName;
  readonly #services: ServiceServer;
  readonly #listener: SideListener;
  readonly #nameOf: (nodeId: string) => string;
  readonly #runs: RecordedRun[] = [];
  readonly #beganMs = performance.now();
  #kill = new AbortController();

  private constructor(
    name: SideName,
    services: ServiceServer,
    { listener, nameOf }: { listener: SideListener; nameOf: (nodeId: string) => string },
  ) {
    this.#name = name;
    this.#services = services;
    this.#listener = listener;
    this.#nameOf = nameOf;
  }

  /** Starts the services of a side. They keep its effects apart from the other's. */
  static async open(
    name: SideName,
    given: {
      listener: SideListener;
      nameOf: (nodeId: string) => string;
      faults: Parameters<ServiceServer["reset"]>[0];
    },
  ): Promise<SideRun> {
    const services = await startServiceServer();
    services.reset(given.faults);
    return new SideRun(name, services, given);
  }

  get url(): string {
    return this.#services.url;
  }

  /** Kills the process that runs, with SIGKILL. Returns false if none does. */
  kill(): boolean {
    if (this.view.processes.at(-1)?.end !== undefined || this.view.processes.length === 0) return false;
    this.#kill.abort();
    return true;
  }

  /** Runs one process, and counts what it does. */
  async run(kind: ProcessView["kind"], task: WorkerTask): Promise<WorkerRun> {
    const { view } = this;
    this.#kill = new AbortController();
    if (kind === "start" || kind === "again") view.ran = [];
    view.status = kind === "recover" ? "recovering" : "running";
    delete view.failedNode;
    delete view.error;
    let process: ProcessView | undefined;
    const run = await runWorker(task, this.#services, {
      kill: this.#kill.signal,
      onReady: this.#listener.onReady,
      onStart: (pid) => {
        process = { pid, kind };
        view.processes.push(process);
        this.#say(`process ${pid} ${STARTS[kind][this.#name]}`);
        this.#listener.onChange();
      },
      onMessage: (message, recorded) => {
        this.#take(message);
        this.#count(recorded);
        this.#listener.onChange();
      },
    });
    this.#runs.push(run);
    this.#count();
    this.#end(run, process);
    this.#listener.onChange();
    return run;
  }

  close(): Promise<void> {
    return this.#services.close();
  }

  #take(message: WorkerMessage): void {
    const { view } = this;
    if (message.type === "started") {
      view.status = "running";
      view.running.push(message.nodeId);
    } else if (message.type === "completed") {
      const { nodeId, handles, durationMs = 0, contextBytes = 0 } = message;
      view.running = view.running.filter((id) => id !== nodeId);
      view.ran.push({ nodeId, ...(handles === undefined ? {} : { handles }) });
      this.#listener.onNode(nodeId, { durationMs, contextBytes });
    } else if (message.type === "skipped") {
      if (!view.skipped.includes(message.nodeId)) view.skipped.push(message.nodeId);
    } else if (message.type === "checkpoint") {
      view.counters.checkpoints += 1;
      view.counters.bytes += message.bytes;
      this.#listener.onCheckpoint(message.bytes);
    }
  }

  #count(current?: RecordedRun): void {
    const runs = current === undefined ? this.#runs : [...this.#runs, current];
    const { completed, interrupted } = countRepeats(runs);
    Object.assign(this.view.counters, {
      nodesAgain: completed.nodes,
      interruptedAgain: interrupted.nodes,
      nodes: runs.reduce((sum, { nodeRuns }) => sum + nodeRuns.length, 0),
      effects: this.#services.ledger.entries.filter(({ outcome }) => outcome === "applied").length,
      effectsTwice: completed.effects + interrupted.effects,
    });
  }

  #end({ outcome, missed }: WorkerRun, process: ProcessView | undefined): void {
    const { view } = this;
    const [at] = view.running;
    const where = at === undefined ? "" : ` at ${quoted(this.#nameOf(at))}`;
    const subject = `process ${process?.pid ?? ""}`;
    view.running = [];
    const end = outcome === undefined ? "killed" : outcome.success ? "completed" : outcome.waits ? "waiting" : "failed";
    if (process !== undefined) process.end = end;
    if (end === "killed") {
      view.status = "failed";
      if (at !== undefined) view.failedNode = at;
      this.#say(
        `${subject} was killed with SIGKILL${where}${missed === undefined ? "" : `, but not when it was to be: ${missed}`}`,
      );
    } else {
      view.status = end;
      if (end === "completed") this.#say(`${subject} completed the workflow`);
      else {
        const reason = cleanText(outcome?.waits ?? outcome?.error ?? "it failed", MAX_TEXT);
        view.error = reason;
        if (end === "failed" && at !== undefined) view.failedNode = at;
        this.#say(`${subject} ${end === "failed" ? "failed" : "stopped"}${where}: ${reason}`);
      }
    }
  }

  /** Adds a sentence to the log. */
  note(text: string): void {
    this.#say(text);
    this.#listener.onChange();
  }

  #say(text: string): void {
    this.view.log.push({ atMs: performance.now() - this.#beganMs, text });
    if (this.view.log.length > MAX_LOG) this.view.log.shift();
  }
}

const STARTS: Record<ProcessView["kind"], Record<SideName, string>> = {
  start: { v1: "starts", v2: "starts" },
  again: { v1: "starts over, with nothing to go on", v2: "starts over" },
  resume: { v1: "starts over", v2: "resumes from the last checkpoint" },
  recover: { v1: "starts over", v2: "only looks for executions whose owner is gone; nobody names one" },
};
