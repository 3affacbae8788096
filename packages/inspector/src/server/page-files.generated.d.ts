import type { Page } from "./page-files.ts";

/** Made by scripts/build-page.ts, and not kept in the repository. */
export declare const PAGE: Page;
