import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pageText } from "./page-text.ts";
import { GROUPS } from "./pages.ts";

/** Writes llms.txt, llms-full.txt and each page as Markdown into the built site, for readers that are programs. */
export function writeLlmsFiles(outDir: string, { title, description }: { title: string; description: string }): void {
  const index = [`# ${title}`, `> ${description}`];
  const full: string[] = [];
  for (const group of GROUPS) {
    const lines = group.pages.map((page) => {
      const text = pageText(page);
      const file = join(outDir, `${page}.md`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text.markdown);
      full.push(`<!-- /${page} -->\n${text.markdown.trim()}`);
      return `- [${text.title}](/${page}.md): ${text.summary}`;
    });
    index.push(`## ${group.title}`, lines.join("\n"));
  }
  writeFileSync(join(outDir, "llms.txt"), `${index.join("\n\n")}\n`);
  writeFileSync(join(outDir, "llms-full.txt"), `${full.join("\n\n")}\n`);
}
