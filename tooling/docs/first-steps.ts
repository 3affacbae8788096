import { fencesIn } from "./fences.ts";

/** What a page has a new user do, in words that a program can follow. */
export interface FirstSteps {
  /** The commands of the `sh` fences, without their comments, in order. */
  commands: string[];
  /** The file of "Save this as", with the code of the `ts` fence after it. */
  file: string;
  code: string;
  /** What stands in backticks in the paragraph "It prints". */
  prints: string[];
}

/** Returns the steps of a section, or of the whole page without its later headings. Throws if one is missing. */
export function firstStepsIn(markdown: string, heading?: string): FirstSteps {
  const section = sectionOf(markdown, heading);
  const commands = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, lines = ""]) =>
    lines
      .split("\n")
      .map((line) => line.replace(/ +#.*$/, "").trim())
      .filter((line) => line !== ""),
  );
  const at = section.search(/^Save this as `[^`]+\.mjs`/m);
  const file = /`([^`]+)`/.exec(section.slice(Math.max(at, 0)))?.[1];
  const code = fencesIn(section.slice(Math.max(at, 0)))[0]?.code;
  const prints = [...(/^It prints .*$/m.exec(section)?.[0].matchAll(/`([^`]+)`/g) ?? [])].map(
    ([, words = ""]) => words,
  );
  const missing = [
    commands.some((each) => each.startsWith("npm install ")) ? "" : "npm install",
    at < 0 || file === undefined || code === undefined ? "Save this as `….mjs`, with its code" : "",
    commands.includes(`node ${file}`) ? "" : `node ${file}`,
    prints.length > 0 ? "" : "It prints `…`",
  ].filter((each) => each !== "");
  if (missing.length > 0) throw new Error(`The section "${heading ?? "at the top"}" lacks: ${missing.join(", ")}.`);
  return { commands, file: file ?? "", code: code ?? "", prints };
}

function sectionOf(markdown: string, heading: string | undefined): string {
  const lines = markdown.split("\n");
  const first = lines.findIndex((line) => (heading === undefined ? line.startsWith("# ") : line === heading));
  if (first < 0) throw new Error(`There is no heading "${heading}".`);
  const after = lines.findIndex((line, index) => index > first && /^#{2,3} /.test(line));
  return lines.slice(first + 1, after < 0 ? undefined : after).join("\n");
}
