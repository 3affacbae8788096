import pg from "pg";

/** An error as MongoDB reports it. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: string;

  constructor(code: number, codeName: string, message: string) {
    super(message);
    this.code = code;
    this.codeName = codeName;
  }
}

/** PostgreSQL is gone. The gateway closes the connection, as a killed mongod would. */
export class Disconnect extends Error {}

export const DUPLICATE_KEY = 11000;
export const WRITE_CONFLICT = 112;
const UNAUTHORIZED = 13;
const SHUTDOWN_IN_PROGRESS = 91;
const NOT_WRITABLE_PRIMARY = 10107;
const INTERRUPTED_AT_SHUTDOWN = 11600;
/** The codes that mongod reports only for a whole command, never for one of its statements. */
const OF_WHOLE_COMMANDS = new Set([UNAUTHORIZED, NOT_WRITABLE_PRIMARY]);

// PostgreSQL's states and the extension's own, which begin with M.
const BY_STATE: Record<string, [code: number, codeName: string]> = {
  "22023": [2, "BadValue"],
  "22P02": [9, "FailedToParse"],
  "23505": [DUPLICATE_KEY, "DuplicateKey"],
  "25006": [NOT_WRITABLE_PRIMARY, "NotWritablePrimary"],
  "23P01": [DUPLICATE_KEY, "DuplicateKey"],
  "40001": [WRITE_CONFLICT, "WriteConflict"],
  "40P01": [WRITE_CONFLICT, "WriteConflict"],
  "42501": [UNAUTHORIZED, "Unauthorized"],
  "42P01": [26, "NamespaceNotFound"],
  "42P07": [48, "NamespaceExists"],
  "53100": [14031, "OutOfDiskSpace"],
  "55P03": [24, "LockTimeout"],
  // From an engine that shuts down. A mongod in its quiesce period reports the same, before it closes connections.
  "57P01": [INTERRUPTED_AT_SHUTDOWN, "InterruptedAtShutdown"],
  "57014": [50, "MaxTimeMSExpired"],
  "0A000": [115, "CommandNotSupported"],
  M0001: [2, "BadValue"],
  M0003: [9, "FailedToParse"],
  M0004: [14, "TypeMismatch"],
  M0006: [20, "IllegalOperation"],
  M0008: [26, "NamespaceNotFound"],
  M0009: [27, "IndexNotFound"],
  M000A: [28, "PathNotViable"],
  M000D: [40, "ConflictingUpdateOperators"],
  M000E: [43, "CursorNotFound"],
  M000F: [48, "NamespaceExists"],
  M000G: [52, "DollarPrefixedFieldName"],
  M000M: [66, "ImmutableField"],
  M000N: [67, "CannotCreateIndex"],
  M000O: [68, "IndexAlreadyExists"],
  M000P: [72, "InvalidOptions"],
  M000Q: [73, "InvalidNamespace"],
  M000R: [85, "IndexOptionsConflict"],
  M000S: [86, "IndexKeySpecsConflict"],
  M000U: [115, "CommandNotSupported"],
  M001B: [10334, "BSONObjectTooLarge"],
  M001C: [DUPLICATE_KEY, "DuplicateKey"],
  M003A: [17419, "Location17419"],
  M003B: [17420, "Location17420"],
  M00DO: [16, "InvalidLength"],
  M00ER: [UNAUTHORIZED, "Unauthorized"],
  M00EW: [24, "LockTimeout"],
  M00EX: [50, "MaxTimeMSExpired"],
  M00F1: [WRITE_CONFLICT, "WriteConflict"],
};

export function fromState(state: string, message: string): CommandError {
  const known = BY_STATE[state];
  return known === undefined
    ? new CommandError(1, "InternalError", `${message} (SQLSTATE ${state})`)
    : new CommandError(...known, message);
}

export function isOfWholeCommand({ code }: CommandError): boolean {
  return OF_WHOLE_COMMANDS.has(code);
}

/** Returns whether an error means that the connection to PostgreSQL has ended. */
export function endsConnection(told: CommandError | Disconnect): boolean {
  return told instanceof Disconnect || told.code === INTERRUPTED_AT_SHUTDOWN || told.code === SHUTDOWN_IN_PROGRESS;
}

/** Returns the SQLSTATE of a write error. The extension packs it into a number: five characters of six bits. */
export function unpackState(packed: number): string {
  return Array.from({ length: 5 }, (_, index) => String.fromCharCode(48 + ((packed >> (6 * index)) & 63))).join("");
}

/** Returns an error as MongoDB would report it. */
export function translate(error: unknown): CommandError | Disconnect {
  if (error instanceof CommandError || error instanceof Disconnect) return error;
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? "";
    // A server that starts up has the same state, but a mongod that starts up has no open port yet.
    if (state === "57P03" && error.message.includes("shutting down")) {
      return new CommandError(SHUTDOWN_IN_PROGRESS, "ShutdownInProgress", error.message);
    }
    return /^(57P0[2-5]|08|53300)/.test(state) ? new Disconnect(error.message) : fromState(state, error.message);
  }
  const { code, message, stack } = error as Error & { code?: unknown };
  return /^E[A-Z]+$/.test(String(code)) || /connection|timeout/i.test(message)
    ? new Disconnect(message)
    : new CommandError(1, "InternalError", String(stack));
}
