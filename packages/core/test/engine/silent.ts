import type { Logger } from "../../src/index.ts";

const quiet = (): void => undefined;

/** A logger that writes nothing. */
export const SILENT: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
