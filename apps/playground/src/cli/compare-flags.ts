/** Options of `playground compare`. */
export interface CompareFlags {
  workflow?: string[];
  failAt?: string;
  /** The node that a run starts at. */
  start?: string;
  input?: string;
  v1?: string;
  executors?: string;
  contextMode?: "frozen" | "copy";
  userId?: string;
  ignore?: string[];
  /** No interruptions. */
  once?: boolean;
  /** Measures times also for workflows and modules of the user's own. */
  bench?: boolean;
  /** Milliseconds. */
  timeout: number;
  store: string;
  url?: string;
  dataDir: string;
  /** True with `--kill`, false with `--no-kill`. */
  kill?: boolean;
  json?: boolean;
  /** True with `--serve`, false with `--no-serve`. */
  serve?: boolean;
  /** The port of the page. */
  port?: number;
}
