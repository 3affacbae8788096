/** A file of the page, as the build has made it. */
export interface PageFile {
  type: string;
  /** The gzipped content, in base64. */
  gzip: string;
}

/** The page: what a browser loads at first, and all of its files by name. */
export interface Page {
  script: string;
  style: string;
  files: Record<string, PageFile>;
}
