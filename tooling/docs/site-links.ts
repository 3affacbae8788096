import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A link of a built site that leads nowhere. */
export interface DeadLink {
  page: string;
  href: string;
}

/** Returns the links of a built site, to pages, headings and files, that lead nowhere. */
export function deadLinks(folder: string): DeadLink[] {
  const files = new Set(globSync("**/*.*", { cwd: folder }).map((file) => `/${file.replaceAll("\\", "/")}`));
  const pages = new Map(
    [...files].filter(isPage).map((file) => [file, parsed(readFileSync(join(folder, file), "utf8"))]),
  );
  const dead: DeadLink[] = [];
  for (const [page, { hrefs }] of pages) {
    for (const href of hrefs) {
      const { origin, pathname, hash } = new URL(href, `http://site${addressOf(page)}`);
      if (origin !== "http://site") continue;
      const path = decodeURIComponent(pathname);
      const target = [path, `${path}.html`, `${path}index.html`].find((each) => files.has(each));
      const ids = target === undefined ? undefined : (pages.get(target)?.ids ?? new Set());
      if (ids === undefined || (hash !== "" && !ids.has(decodeURIComponent(hash.slice(1))))) dead.push({ page, href });
    }
  }
  return dead;
}

function isPage(file: string): boolean {
  return file.endsWith(".html") && file !== "/404.html";
}

/** The address at which a static host serves a page. */
function addressOf(page: string): string {
  return page.replace(/(index)?\.html$/, "");
}

function parsed(html: string): { hrefs: Set<string>; ids: Set<string> } {
  const attributes = (name: string) =>
    new Set([...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) => unescaped(value)));
  return { hrefs: attributes("href"), ids: attributes("id") };
}

function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
