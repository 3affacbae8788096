export { type OwnPostgresOptions, startOwnPostgres, startPostgres } from "./postgres.ts";
export { type OwnTestServer, stopAllServers, type TestServer } from "./registry.ts";
