import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DefaultTheme, defineConfig } from "vitepress";
import { writeLlmsFiles } from "./llms.ts";
import { anchorOf, extendMarkdown } from "./markdown.ts";
import { DOCS, pageText, REPOSITORY } from "./page-text.ts";
import { GROUPS } from "./pages.ts";

const title = "Waymark";
const description = "Durable workflow state for TypeScript: a checkpoint after every node, in your own database.";

const guide: DefaultTheme.SidebarItem[] = GROUPS.map(({ title: text, pages }) => ({
  text,
  items: pages.map((page) => ({ text: pageText(page).title, link: `/${page}` })),
}));
const reference: DefaultTheme.SidebarItem[] = JSON.parse(
  readFileSync(join(DOCS, "reference/typedoc-sidebar.json"), "utf8"),
);

export default defineConfig({
  title,
  description,
  lang: "en",
  cleanUrls: true,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: "/mark.svg" }]],
  markdown: { anchor: { slugify: anchorOf }, config: extendMarkdown },
  // The index of the search is one file, which is loaded by the first search.
  vite: { build: { chunkSizeWarningLimit: 3_000 } },
  themeConfig: {
    logo: "/mark.svg",
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    nav: [
      { text: "Guide", link: "/start", activeMatch: "^/(?!reference/|errors)." },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
      { text: "Errors", link: "/errors" },
    ],
    sidebar: { "/": guide, "/reference/": reference },
    footer: { message: "Released under the MIT licence." },
  },
  buildEnd: ({ outDir }) => writeLlmsFiles(outDir, { title, description }),
});
