import { createHash } from "node:crypto";

/** A Lua script, which the server runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** A script whose first arguments have names, as local variables. */
export interface NamedScript<Name extends string> extends Script {
  readonly names: readonly Name[];
}

export function script(source: string): Script {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

/** Makes a script whose first arguments have names. The others begin at `ARGV[rest]`. */
export function namedScript<const Name extends string>(names: readonly Name[], source: string): NamedScript<Name> {
  const known = `local ${names.join(", ")} = unpack(ARGV, 1, ${names.length})\nlocal rest = ${names.length + 1}\n`;
  return { ...script(known + source), names };
}

/** Returns Lua that reads fields of the head (`KEYS[1]`) into locals: `had_status` for `status`, false if absent. */
export function hadFields(...names: string[]): string {
  const locals = names.map((name) => `had_${name}`).join(", ");
  const quoted = names.map((name) => `'${name}'`).join(", ");
  return `\nlocal ${locals} = unpack(redis.call('HMGET', KEYS[1], ${quoted}))`;
}

/** Returns the arguments of a script, in its order. */
export function argumentsOf<Name extends string>(
  { names }: NamedScript<Name>,
  values: Readonly<Record<Name, string>>,
  rest: readonly string[] = [],
): string[] {
  const list = names.map((name) => values[name]);
  list.push(...rest);
  return list;
}
