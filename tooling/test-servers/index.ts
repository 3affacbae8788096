export { type OwnPostgresOptions, startOwnPostgres, startPostgres } from "./postgres.ts";
export { type OwnTestServer, stopAllServers, type TestServer } from "./registry.ts";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
