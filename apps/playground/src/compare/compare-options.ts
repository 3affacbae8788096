import type { PathPattern } from "@waymark/core/migration";
import type { UserModules } from "../kill/task.ts";
import type { StoreChoice } from "../store/open-store.ts";
import type { BenchOptions } from "./bench.ts";

/** The options for comparing one workflow. */
export interface CompareOptions extends BenchOptions {
  /** The node that fails, by id, name or position (from 1). It replaces the scenario's own interruption. */
  failAt?: string | undefined;
  /** Default: true. */
  interrupt?: boolean;
  /** True if undisturbed runs are repeated to measure times. Default: true. */
  measure?: boolean;
  /** Places in the outputs that are not compared. */
  ignore?: readonly PathPattern[];
  /** Set if a process is also killed at the node that fails. It has no effect with another interruption. */
  kill?: KillSetup | undefined;
  /** Set if a process is also killed while a node runs, and another one recovers the execution by itself. */
  recovery?: KillSetup | undefined;
  /** Called at every step, with a few words and the step's time limit in milliseconds. */
  onProgress?: (what: string, limitMs: number) => void;
}

/** The setup of processes that are killed. */
export interface KillSetup {
  /** The model that llm nodes ask. */
  model: string;
  modules: UserModules;
  store: StoreChoice;
}
