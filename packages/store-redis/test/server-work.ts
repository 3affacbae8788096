import type { Redis } from "ioredis";

/** How often each command was called, also by scripts. */
export type Calls = Record<string, number>;

/** What the server was made to do by `work`, command by command; what this question takes is left out. */
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

/** A number that INFO tells. */
export async function figureOf(admin: Redis, section: string, name: string): Promise<number> {
  const [, figure] = new RegExp(`^${name}:(\\d+)`, "m").exec(await admin.info(section)) ?? [];
  if (figure === undefined) throw new Error(`INFO ${section} does not tell ${name}.`);
  return Number(figure);
}
