import type { Cluster, Redis } from "ioredis";

/** A client of ioredis. */
export type RedisClient = Redis | Cluster;
