import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cleanText } from "@waymark/core/store";
import type { DemoReport } from "../rollout/rollout-demo.ts";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const MAX_LINES = 500;

/** The rollout demo as the page shows it. */
export interface RolloutView {
  state: "idle" | "running" | "done" | "failed";
  lines: string[];
  report?: DemoReport;
}

/** Runs the rollout demo, in a process of its own, one at a time. */
export class RolloutRun {
  view: RolloutView = { state: "idle", lines: [] };
  #end = new AbortController();

  start(): void {
    if (this.view.state === "running") return;
    const view: RolloutView = { state: "running", lines: [] };
    this.view = view;
    const child = fork(MAIN, ["rollout-demo", "--json"], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      signal: this.#end.signal,
    });
    let json = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      json += text;
    });
    let rest = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      view.lines.push(...lines.slice(0, MAX_LINES - view.lines.length).map((line) => cleanText(line)));
    });
    child.on("error", () => {
      view.state = "failed";
    });
    child.once("close", () => {
      try {
        view.report = JSON.parse(json) as DemoReport;
        view.state = "done";
      } catch {
        view.state = "failed";
      }
    });
  }

  close(): void {
    this.#end.abort();
  }
}
