/** The pages of the site, in the order of its sidebar. A name is a page of docs/ without its ending. */
export const GROUPS: readonly { title: string; pages: readonly string[] }[] = [
  { title: "Begin", pages: ["start", "how-it-works", "comparison"] },
  {
    title: "Write workflows",
    pages: [
      "workflows",
      "canvas",
      "executors",
      "branching",
      "loops",
      "side-by-side",
      "sub-workflows",
      "context",
      "types",
      "testing",
    ],
  },
  {
    title: "Run them",
    pages: [
      "resuming",
      "after-a-crash",
      "waiting-and-approvals",
      "many-processes",
      "workers",
      "stopping-repeating-forking",
      "executions",
      "events-and-logs",
    ],
  },
  { title: "Platforms", pages: ["serverless", "nextjs", "nestjs", "bun-and-deno"] },
  {
    title: "Stores",
    pages: [
      "choosing-a-store",
      "store-postgres",
      "store-redis",
      "store-mongo",
      "store-memory",
      "write-a-store",
      "conformance",
    ],
  },
  { title: "Operate", pages: ["inspector", "operations", "security", "users", "housekeeping", "performance"] },
  { title: "Migrate", pages: ["migration", "rollout", "importing", "fr/migration", "fr/rollout"] },
  { title: "Reference", pages: ["errors", "architecture"] },
];

/** Pages whose text is a file elsewhere in the repository, so that readers find it there, too. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  architecture: "ARCHITECTURE.md",
  "store-memory": "packages/store-memory/README.md",
  "store-mongo": "packages/store-mongo/README.md",
  "store-postgres": "packages/store-postgres/README.md",
  "store-redis": "packages/store-redis/README.md",
};
