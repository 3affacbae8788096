import type { Cluster, Redis } from "ioredis";

/** A client of ioredis. */
export type RedisClient = Redis | Cluster;

/** The calls of all stores that wait for one client, and the one listener that serves them. */
interface Waiters {
  callbacks: Set<() => void>;
  tellAll: () => void;
}

const waitersOf = new WeakMap<RedisClient, Waiters>();

/** Calls `callback` each time that a client has connected or ended, until the returned function is called. */
export function onClientChange(client: RedisClient, callback: () => void): () => void {
  const waiters = waitersOf.get(client) ?? listenTo(client);
  waiters.callbacks.add(callback);
  return () => {
    waiters.callbacks.delete(callback);
    if (waiters.callbacks.size > 0) return;
    client.off("ready", waiters.tellAll);
    client.off("end", waiters.tellAll);
    waitersOf.delete(client);
  };
}

function listenTo(client: RedisClient): Waiters {
  const callbacks = new Set<() => void>();
  const tellAll = () => {
    for (const callback of [...callbacks]) callback();
  };
  const waiters = { callbacks, tellAll };
  client.on("ready", tellAll);
  client.on("end", tellAll);
  waitersOf.set(client, waiters);
  return waiters;
}
