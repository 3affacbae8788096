import { join } from "node:path";
import { pageText, ROOT } from "./.vitepress/page-text.ts";
import { ELSEWHERE } from "./.vitepress/pages.ts";

export default {
  watch: Object.values(ELSEWHERE).map((file) => join(ROOT, file)),
  paths: () => Object.keys(ELSEWHERE).map((page) => ({ params: { page }, content: pageText(page).markdown })),
};
