// Does what a new user does, from `npm init -y` to the output that the README of each store names: in empty folders,
// with the READMEs' own commands and code. Only the packages are the packed ones, and the server's address is in the
// variable that the code reads. Prints how long each takes. Build the packages first.
//
//   node tooling/trials/first-hour.ts [name,...|all] [path of a Node]...
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { firstStepsIn } from "../docs/first-steps.ts";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { ROOT } from "../pnpm.ts";
import { FIRST_HOURS, type FirstHour } from "./first-hours.ts";

const [chosen = "all", ...nodes] = process.argv.slice(2);
const names = chosen === "all" ? Object.keys(FIRST_HOURS) : chosen.split(",");
const tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
const packed = new Map(publicPackages().map((each) => [each.manifest.name, pack(each, tarballs)]));

for (const node of nodes.length === 0 ? [process.execPath] : nodes) {
  for (const name of names) {
    const hour = FIRST_HOURS[name];
    if (hour === undefined) throw new Error(`"${name}" is none of ${Object.keys(FIRST_HOURS).join(", ")}.`);
    await live(name, hour, node);
  }
}
rmSync(tarballs, { recursive: true });

async function live(name: string, { readme, heading, url, limitSeconds }: FirstHour, node: string): Promise<void> {
  const { commands, file, code, prints } = firstStepsIn(readFileSync(join(ROOT, readme), "utf8"), heading);
  const server = await url?.start();
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    ...(url && server && { [url.variable]: server.url }),
  };
  const folder = mkdtempSync(join(tmpdir(), "waymark-first-hour-"));
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

  const begin = performance.now();
  run("npm", ["init", "-y"]);
  writeFileSync(join(folder, file), code);
  const version = run("node", ["--version"]).trim();
  let output = "";
  let installMs = 0;
  for (const command of commands.filter((each) => !/^(mkdir|npm init) /.test(each))) {
    const [program = "", ...words] = command.split(" ");
    const start = performance.now();
    output = run(
      program,
      words.map((word) => packed.get(word.replace(/(?<=.)@next$/, "")) ?? word),
    );
    if (program === "npm") installMs += performance.now() - start;
  }
  const totalMs = performance.now() - begin;

  const isGood = printsInOrder(output, prints) && totalMs < limitSeconds * 1_000;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  console.log(`${isGood ? "ok" : "FAILED"} ${version} ${name}: ${seconds(totalMs)} (install ${seconds(installMs)})`);
  if (!isGood) {
    console.log(output);
    process.exitCode = 1;
  }
  rmSync(folder, { recursive: true });
  await server?.stop();
}

function printsInOrder(output: string, prints: readonly string[]): boolean {
  let from = 0;
  for (const words of prints) {
    const at = output.indexOf(words, from);
    if (at < 0) return false;
    from = at + words.length;
  }
  return true;
}
