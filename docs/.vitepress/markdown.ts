import { renderMermaidSVG } from "beautiful-mermaid";
import type { MarkdownEnv, MarkdownOptions } from "vitepress";
import { siteLink } from "./page-text.ts";

/** What markdown-it is, as VitePress hands it to `config`. */
type Markdown = Parameters<NonNullable<MarkdownOptions["config"]>>[0];

/** Adds what the site needs: links of the repository, diagrams, and the marks of fences (`ts no-run`). */
export function extendMarkdown(markdown: Markdown): void {
  markdown.core.ruler.push("repository-pages", ({ tokens, env }) => {
    const { path, realPath = path } = env as MarkdownEnv;
    const inline = tokens.flatMap(({ children }) => children ?? []);
    // Vue would evaluate `{{ … }}`. Pages are text, also for readers of the repository.
    for (const token of inline) if (token.type === "code_inline") token.attrSet("v-pre", "");
    if (/[/\\]\[/.test(realPath) || /[/\\]\[/.test(path)) return; // a page whose links were made when it was read
    for (const token of inline) {
      const href = token.attrGet("href");
      if (token.type === "link_open" && href !== null) token.attrSet("href", siteLink(href, realPath));
    }
  });

  const { fence, text = (tokens, index) => markdown.utils.escapeHtml(tokens[index]?.content ?? "") } =
    markdown.renderer.rules;
  markdown.renderer.rules.text = (...args) => text(...args).replaceAll("{{", "&#123;&#123;");
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token === undefined || fence === undefined) return "";
    if (token.info.trim() === "mermaid") return diagram(token.content);
    token.info = token.info.replace(/^(ts|js) (no-run|continued)$/, "$1");
    return fence(tokens, index, options, env, self);
  };
}

/** Returns the anchor of a heading as GitHub makes it, so that a link works there and here. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}

/** Draws a diagram when the site is built. Its colours are those of the page, in light and in dark. */
function diagram(source: string): string {
  const svg = renderMermaidSVG(source, {
    bg: "var(--vp-c-bg)",
    fg: "var(--vp-c-text-1)",
    line: "var(--vp-c-text-3)",
    muted: "var(--vp-c-text-2)",
    accent: "var(--vp-c-brand-1)",
    border: "var(--vp-c-divider)",
    transparent: true,
  });
  // Fonts come from the page, not from a server of others.
  const own = svg.replaceAll(/@import url\([^)]*\);/g, "").replaceAll(/font-family:[^;]*;/g, "font-family: inherit;");
  const expression = JSON.stringify(own).replaceAll("&", "&amp;").replaceAll("'", "&#39;");
  return `<figure class="diagram" v-html='${expression}'></figure>`;
}
