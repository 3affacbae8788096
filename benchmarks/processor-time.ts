import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of a tick of the kernel's clock, in which /proc counts. */
const TICK_MS = 10;

/**
 * Returns the milliseconds of processor time that this process and all that it has started have used so far, or NaN on a
 * system without /proc. Servers that this process has not started are not among them.
 */
export function processorTime(): number {
  const known = processes();
  const parents = new Map(known.map(({ id, parent }) => [id, parent]));
  const isOwn = (id: number | undefined): boolean => id !== undefined && (id === process.pid || isOwn(parents.get(id)));
  const own = known.filter(({ id }) => isOwn(id));
  return own.length === 0 ? Number.NaN : own.reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MS;
}

function processes(): { id: number; parent: number; ticks: number }[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = textOf(`/proc/${name}/stat`);
      // The second field is a name in parentheses, which may have spaces.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // Time in its own code and in the kernel, and that of its children that have ended.
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return stat === "" ? [] : [{ id: Number(name), parent: Number(fields[1]), ticks }];
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
}
