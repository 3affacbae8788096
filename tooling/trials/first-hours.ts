import { startMongo, startPostgres, startRedis, type TestServer } from "../test-servers/index.ts";

export interface FirstHour {
  readme: string;
  /** The section with the steps. Without it they are at the top of the page. */
  heading?: string;
  /** The server that the reader has, and the variable from which the example takes its address. */
  url?: { variable: string; start: () => Promise<TestServer> };
  limitSeconds: number;
}

const POSTGRES = { readme: "packages/store-postgres/README.md", limitSeconds: 300 };
const DATABASE_URL = { variable: "DATABASE_URL", start: startPostgres };

/** The pages that a new user follows, by what they run on. */
export const FIRST_HOURS: Record<string, FirstHour> = {
  start: { readme: "README.md", heading: "## 60-second start", limitSeconds: 60 },
  core: { readme: "packages/core/README.md", limitSeconds: 60 },
  memory: { readme: "packages/store-memory/README.md", limitSeconds: 60 },
  pglite: { ...POSTGRES, heading: "### Without a server, with PGlite" },
  postgres: { ...POSTGRES, heading: "### On a server", url: DATABASE_URL },
  pool: { ...POSTGRES, heading: "### On your own `pg.Pool`", url: DATABASE_URL },
  datasource: { ...POSTGRES, heading: "### On your own TypeORM `DataSource`", url: DATABASE_URL },
  redis: {
    readme: "packages/store-redis/README.md",
    url: { variable: "REDIS_URL", start: startRedis },
    limitSeconds: 300,
  },
  mongo: {
    readme: "packages/store-mongo/README.md",
    url: { variable: "MONGODB_URL", start: startMongo },
    limitSeconds: 300,
  },
};
