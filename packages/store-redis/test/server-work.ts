import type { Redis } from "ioredis";

/** The number of calls of each command, including those by scripts. */
export type Calls = Record<string, number>;

/** Returns the commands that `work` has caused on the server, without those of this function. */
export async function callsOf(admin: Redis, work: () => Promise<unknown>): Promise<Calls> {
  const before = await callsUntilNow(admin);
  await work();
  const after = await callsUntilNow(admin);
  const differences = Object.entries(after).map(([name, calls]): [string, number] => [
    name,
    calls - (before[name] ?? 0),
  ]);
  return Object.fromEntries(differences.filter(([name, calls]) => calls > 0 && name !== "info"));
}

/** Every command that the server has been sent since it was started, or that a script has called. */
export async function callsUntilNow(admin: Redis): Promise<Calls> {
  const lines = (await admin.info("commandstats")).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return Object.fromEntries([...lines].map(([, name = "", calls]) => [name.toLowerCase(), Number(calls)]));
}

/** Reads a number from INFO. */
export async function figureOf(admin: Redis, section: string, name: string): Promise<number> {
  const [, figure] = new RegExp(`^${name}:(\\d+)`, "m").exec(await admin.info(section)) ?? [];
  if (figure === undefined) throw new Error(`INFO ${section} does not tell ${name}.`);
  return Number(figure);
}
