import type { Column, Condition, Fields, SqlType } from "./columns.ts";
import { NOW } from "./rows.ts";

/** Every field of a request, by its path: "commitId", "head.status". */
export type FieldPath<T extends Fields> = {
  [K in keyof T & string]: T[K] extends Condition ? K : `${K}.${keyof T[K] & string}`;
}[keyof T & string];

/** A field of a request, on its way into a statement. */
export interface Parameter<Path extends string = string> {
  readonly path: Path;
  /** Its name in SQL: "commit_id", "head_status". */
  readonly name: string;
  readonly type: SqlType;
  readonly column: string | undefined;
  readonly isClearable: boolean;
  /** The SQL of what is written, made from the SQL of what was sent. */
  written(sent: string): string;
  /** What is sent: `undefined` if the request does not have it, `null` if the request removes it. */
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
    /** The SQL of a field's value. */
    sql(path: Path): string {
      return sent[parameters.findIndex((one) => one.path === path)] as string;
    },
    /** The SQL of what is written for a field. */
    written(path: Path): string {
      const index = parameters.findIndex((one) => one.path === path);
      return (parameters[index] as Parameter).written(sent[index] as string);
    },
    /** The columns that have something written to them, by their names, with the SQL of that. */
    columns(group = ""): { names: string; values: string } {
      const written = new Map<string, string>();
      for (const [index, { path, column, ...one }] of parameters.entries()) {
        if (column === undefined || groupOf(path) !== group) continue;
        const value = one.written(sent[index] as string);
        const other = written.get(column);
        // Two fields of one column: a request has one of them at most.
        written.set(column, other === undefined ? value : `coalesce(${other}, ${value})`);
      }
      return { names: [...written.keys()].join(", "), values: [...written.values()].join(", ") };
    },
  };
}

/** The values that a {@link numbered} statement is sent with. */
export function valuesOf(parameters: readonly Parameter[], request: object): unknown[] {
  return parameters.map(({ read }) => read(request) ?? null);
}

type Request = Readonly<Record<string, unknown>>;

function parameter(path: string, field: Column | Condition, get: (request: Request) => unknown): Parameter {
  const { type, column, clearable, fromNow, upToNow } = field as Column;
  const encode = type === "json" ? (value: unknown) => value && JSON.stringify(value) : (value: unknown) => value;
  return {
    path,
    name: path.replaceAll(".", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    type,
    column,
    isClearable: clearable === true,
    // What is NULL is passed over by least().
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
