import type { Column, Condition, Fields, SqlType } from "./columns.ts";
import { NOW } from "./rows.ts";

/** The path of a field of a request: "commitId", "head.status". */
export type FieldPath<T extends Fields> = {
  [K in keyof T & string]: T[K] extends Condition ? K : `${K}.${keyof T[K] & string}`;
}[keyof T & string];

/** A field of a request as a parameter of a statement. */
export interface Parameter<Path extends string = string> {
  readonly path: Path;
  /** The part of a request that has it, and its name there: "head" and "status"; "" for the request itself. */
  readonly part: string;
  readonly field: string;
  /** Its name in SQL: "commit_id", "head_status". */
  readonly name: string;
  readonly type: SqlType;
  readonly column: string | undefined;
  readonly isClearable: boolean;
  /** Returns the SQL of the value to write, made from the SQL of the value that was sent. */
  written(sent: string): string;
  /** Returns the value to send: `undefined` if the request does not have the field, `null` if it removes it. */
  read(request: object): unknown;
}

/** Lists the fields of a request; of a list inside it, those of the first item. */
export function parametersOf<T extends Fields>(fields: T): readonly Parameter<FieldPath<T>>[] {
  const found = Object.entries(fields).flatMap(([field, one]) =>
    isField(one)
      ? [parameter(field, one, (request) => request[field])]
      : Object.entries(one).map(([inner, column]) =>
          parameter(`${field}.${inner}`, column, (request) => partOf(request, field)?.[inner]),
        ),
  );
  return found as unknown as Parameter<FieldPath<T>>[];
}

/** Numbers the parameters of a statement that sends all of them, from `$1` on. */
export function numbered<Path extends string>(parameters: readonly Parameter<Path>[]) {
  const sent = parameters.map(({ type }, index) => `$${index + 1}::${type}`);
  return {
    /** Returns the SQL of a field's value. */
    sql(path: Path): string {
      return sent[parameters.findIndex((one) => one.path === path)] as string;
    },
    /** Returns the SQL of the value to write for a field. */
    written(path: Path): string {
      const index = parameters.findIndex((one) => one.path === path);
      return (parameters[index] as Parameter).written(sent[index] as string);
    },
    /** Returns the names of the columns to write, and the SQL of their values. */
    columns(group = ""): { names: string; values: string } {
      const written = new Map<string, string>();
      for (const [index, { path, column, ...one }] of parameters.entries()) {
        if (column === undefined || groupOf(path) !== group) continue;
        const value = one.written(sent[index] as string);
        const other = written.get(column);
        // Of two fields of one column, a request has at most one.
        written.set(column, other === undefined ? value : `coalesce(${other}, ${value})`);
      }
      return { names: [...written.keys()].join(", "), values: [...written.values()].join(", ") };
    },
  };
}

/** Returns the values of a {@link numbered} statement. */
export function valuesOf(parameters: readonly Parameter[], request: object): unknown[] {
  return parameters.map(({ read }) => read(request) ?? null);
}

/** Returns what `read` does, from the part of the request that has the field: every commit comes through here. */
export function valueIn(part: object | undefined, { field, type }: Parameter): unknown {
  const value = (part as Request | undefined)?.[field];
  return type === "json" && value ? JSON.stringify(value) : value;
}

type Request = Readonly<Record<string, unknown>>;

function parameter(path: string, field: Column | Condition, get: (request: Request) => unknown): Parameter {
  const { type, column, clearable, fromNow, upToNow } = field as Column;
  const encode = type === "json" ? (value: unknown) => value && JSON.stringify(value) : (value: unknown) => value;
  const part = groupOf(path);
  return {
    path,
    part,
    field: part === "" ? path : path.slice(part.length + 1),
    name: path.replaceAll(".", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    type,
    column,
    isClearable: clearable === true,
    // least() ignores NULL.
    written: (sent) => (fromNow === true ? `${NOW} + ${sent}` : upToNow === true ? `least(${sent}, ${NOW})` : sent),
    read: (request) => encode(get(request as Request)),
  };
}

function partOf(request: Request, field: string): Request | undefined {
  const part = request[field];
  return (Array.isArray(part) ? part[0] : part) as Request | undefined;
}

function isField(one: Fields[string]): one is Column | Condition {
  return typeof one.type === "string";
}

function groupOf(path: string): string {
  return path.includes(".") ? path.slice(0, path.indexOf(".")) : "";
}
