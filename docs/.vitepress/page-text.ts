import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ELSEWHERE } from "./pages.ts";

export const REPOSITORY = "https://github.com/waymark-dev/waymark";
export const ROOT = resolve(import.meta.dirname, "../..");
export const DOCS = join(ROOT, "docs");

/** A page's Markdown, title and first paragraph. */
export interface PageText {
  title: string;
  summary: string;
  markdown: string;
}

/** Returns the file that holds a page's text. */
function fileOf(page: string): string {
  return ELSEWHERE[page] === undefined ? join(DOCS, `${page}.md`) : join(ROOT, ELSEWHERE[page]);
}

/** Reads a page as it is on the site: with its links, without what readers of the repository do not see either. */
export function pageText(page: string): PageText {
  const file = fileOf(page);
  const markdown = readFileSync(file, "utf8")
    .replaceAll(/^<!--[\s\S]*?-->\n/gm, "")
    .replaceAll(/(\]\()([^)\s]+)(\))/g, (_, open, href, close) => open + siteLink(href, file) + close);
  const [, title = page, rest = ""] = /^# (.+)\n([\s\S]*)$/m.exec(markdown) ?? [];
  const paragraph = rest.split(/\n{2,}/).find((block) => /^[A-Z`*[]/.test(block.trim())) ?? "";
  return { title: plain(title), summary: plain(paragraph.trim().replaceAll("\n", " ")), markdown };
}

/**
 * Returns where a link of a Markdown file leads on the site. A file that is not a page leads to the repository.
 *
 * - Throws if there is no such file.
 */
export function siteLink(href: string, file: string): string {
  const page = href.match(/^https:\/\/github\.com\/waymark-dev\/waymark\/blob\/main\/docs\/([\w/-]+)\.md(#.*)?$/);
  if (page !== null) return `/${page[1]}${page[2] ?? ""}`; // from a docstring
  if (/^([a-z][a-z+.-]*:|[#/])/.test(href)) return href;
  const [path = "", hash] = href.split("#");
  const target = resolve(dirname(file), decodeURIComponent(path));
  const place = relative(ROOT, target).split(sep).join("/");
  const anchor = hash === undefined ? "" : `#${hash}`;
  if (place.startsWith("docs/reference/")) return href;
  const elsewhere = Object.keys(ELSEWHERE).find((page) => ELSEWHERE[page] === place);
  if (elsewhere !== undefined) return `/${elsewhere}${anchor}`;
  if (!existsSync(target)) throw new Error(`${relative(ROOT, file)} links to ${href}, which does not exist.`);
  if (/^docs\/.+\.md$/.test(place)) return `/${place.slice(5, -3)}${anchor}`;
  return `${REPOSITORY}/blob/main/${place}${anchor}`;
}

function plain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "");
}
