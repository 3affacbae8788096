export { type Certificate, type CertificateAuthority, newCertificateAuthority } from "./certificates.ts";
export type { DocumentDb, DocumentDbPair } from "./documentdb/documentdb.ts";
export {
  hasDocumentDb,
  type OwnMongoOptions,
  startMongo,
  startOwnDocumentDb,
  startOwnDocumentDbPair,
  startOwnMongo,
} from "./mongo.ts";
export { startPgBouncer } from "./pgbouncer.ts";
export { openPGlite, preparePGlite } from "./pglite-folder.ts";
export { type OwnPostgresOptions, startOwnPostgres, startPostgres } from "./postgres.ts";
export { postgresFolder } from "./postgres-binaries.ts";
export { type PostgresPair, startPostgresPair } from "./postgres-pair.ts";
export { type OwnRedis, type OwnRedisOptions, startOwnRedis, startRedis } from "./redis.ts";
export { type RedisSentinel, startRedisSentinel } from "./redis-sentinel.ts";
export { type RedisCluster, type RedisPair, startRedisCluster, startRedisPair } from "./redis-topology.ts";
export { type OwnTestServer, stopAllServers, type TestServer } from "./registry.ts";
export { startTcpProxy, type TcpProxy, type TcpTarget } from "./tcp-proxy.ts";
