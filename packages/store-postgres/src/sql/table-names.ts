import { WorkflowError } from "@waymark/core";

/** The place of the tables. */
export interface TableLocation {
  /** The schema, which the first migration makes if it is missing. Default: "waymark". */
  schema?: string;
  /** The prefix of the name of every table, index and sequence. Default: none. */
  tablePrefix?: string;
}

/** The names of everything that the store has in the database: quoted, with the schema, ready for SQL. */
export interface TableNames {
  readonly schema: string;
  readonly prefix: string;
  readonly executions: string;
  readonly checkpoints: string;
  readonly definitions: string;
  readonly migrations: string;
  /** The sequence that fencing tokens come from. */
  readonly tokens: string;
}

const DEFAULT_SCHEMA = "waymark";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
// PostgreSQL cuts names at 63 bytes; the longest suffix, of an index, has 32.
const MAX_SCHEMA_LENGTH = 63;
const MAX_PREFIX_LENGTH = 31;

/** Checks a location and returns the names of the tables. @throws {WorkflowError} INVALID_ARGUMENT */
export function tableNames(location: TableLocation = {}): TableNames {
  const { schema = DEFAULT_SCHEMA, tablePrefix: prefix = "" } = location;
  checkIdentifier(schema, "schema", MAX_SCHEMA_LENGTH);
  if (prefix !== "") checkIdentifier(prefix, "tablePrefix", MAX_PREFIX_LENGTH);
  const qualified = (name: string) => `"${schema}"."${prefix}${name}"`;
  return Object.freeze({
    schema,
    prefix,
    executions: qualified("executions"),
    checkpoints: qualified("checkpoints"),
    definitions: qualified("definitions"),
    migrations: qualified("migrations"),
    tokens: qualified("tokens"),
  });
}

function checkIdentifier(value: unknown, name: string, maxLength: number): void {
  if (typeof value === "string" && value.length <= maxLength && IDENTIFIER.test(value)) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `${name} must be a letter or underscore and then letters, digits or underscores, at most ${maxLength} in all.`,
    { details: { argument: name } },
  );
}
