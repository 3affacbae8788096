import type { UserModules } from "../kill/task.ts";
import type { StoreChoice } from "../store/open-store.ts";
import type { BenchOptions } from "./bench.ts";
import type { PathPattern } from "./path-pattern.ts";

/** How one workflow is compared. */
export interface CompareOptions extends BenchOptions {
  /** The node that fails, by id, name or place (from 1); it takes the place of the scenario's own interruption. */
  failAt?: string | undefined;
  /** Default: true. */
  interrupt?: boolean;
  /** Whether undisturbed runs are repeated for their times. Default: true. */
  measure?: boolean;
  /** Places in the outputs that are not compared. */
  ignore?: readonly PathPattern[];
  /** Whether its process is killed too, at the node that fails; not if something else interrupts it. */
  kill?: KillSetup | undefined;
  /** Hears of every step, in a few words, and how long it may take, in milliseconds. */
  onProgress?: (what: string, limitMs: number) => void;
}

/** What processes that are killed are made with. */
export interface KillSetup {
  /** The model that llm nodes ask. */
  model: string;
  modules: UserModules;
  store: StoreChoice;
}
