const COMPOSE = "docker compose up -d --wait";

/**
 * Explains for each database how to provide one for the tests. The commands and addresses are those of compose.yaml.
 */
export const ADVICE = {
  postgres: `Run \`${COMPOSE} postgres\` and set POSTGRES_URL=postgres://postgres:waymark@localhost:5432/postgres. Tests that kill their server need POSTGRES_BIN, a folder with initdb and postgres.`,
  redis: `Run \`${COMPOSE} redis\` and set REDIS_URL=redis://localhost:6379. Tests that kill their server need redis-server (6.2 or newer) or valkey-server on PATH, or REDIS_BIN.`,
  mongo: `Run \`${COMPOSE} mongo\` and set MONGODB_URL=mongodb://localhost:27017. Tests that kill their server need mongod on PATH.`,
};
