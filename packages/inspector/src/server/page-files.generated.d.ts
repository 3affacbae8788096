import type { Page } from "./page-files.ts";

/** Made by the build, and not kept in the repository. */
export declare const PAGE: Page;
