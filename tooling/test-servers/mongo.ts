import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { ADVICE } from "./advice.ts";
import { type DocumentDb, type DocumentDbPair, startDocumentDb, startDocumentDbPair } from "./documentdb/documentdb.ts";
import { hasDocumentDbEngine } from "./documentdb/fetch-engine.ts";
import { downloadedMongod } from "./downloaded-mongod.ts";
import { freePort } from "./free-port.ts";
import { type OwnTestServer, register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess, startAgain } from "./supervised-process.ts";
import { giveAway, unprivilegedUser } from "./unprivileged-user.ts";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));
const ENGINE_CACHE = join(CACHE, "documentdb");
const DEBIAN = "On Debian (amd64), apt-get, dpkg-deb and a reachable mirror are enough.";
/** The options of a server of the test's own. */
export interface OwnMongoOptions {
  /**
   * True if DocumentDB syncs its log to the disk; mongod always does. Default: false. Then writes survive a kill of the
   * server, but not a power cut. Measurements set it to true.
   */
  fsync?: boolean;
}

/** Returns a MongoDB for tests: a new database on the server of `MONGODB_URL`, otherwise a new server. */
export async function startMongo(): Promise<TestServer> {
  const url = process.env.MONGODB_URL;
  return url === undefined || url === "" ? startOwnMongo() : databaseOn(url);
}

/**
 * Starts a MongoDB server that a test may kill, even if `MONGODB_URL` is set.
 *
 * - It is `mongod` from PATH, otherwise the one from MongoDB's site, otherwise the DocumentDB engine from Debian.
 */
export async function startOwnMongo(options: OwnMongoOptions = {}): Promise<OwnTestServer> {
  const reasons: unknown[] = [];
  for (const find of [mongodOnPath, () => downloadedMongod(CACHE)]) {
    try {
      const mongod = await find();
      if (mongod !== undefined) return await startMongod(mongod);
    } catch (error) {
      reasons.push(error);
    }
  }
  try {
    return await startOwnDocumentDb(options);
  } catch (error) {
    throw new AggregateError([...reasons, error], `No MongoDB for the tests. ${ADVICE.mongo} ${DEBIAN}`, {
      cause: error,
    });
  }
}

/** Returns whether the DocumentDB engine exists, or can be fetched from Debian's packages (amd64 only). */
export function hasDocumentDb(): boolean {
  return hasDocumentDbEngine(ENGINE_CACHE);
}

/** Starts a DocumentDB server with access to its engine, even if another MongoDB server is available. */
export async function startOwnDocumentDb({ fsync = false }: OwnMongoOptions = {}): Promise<DocumentDb> {
  return startDocumentDb({ cache: ENGINE_CACHE, fsync, isReady: answersAlready });
}

/** Starts a DocumentDB server with a standby. */
export async function startOwnDocumentDbPair({ fsync = false }: OwnMongoOptions = {}): Promise<DocumentDbPair> {
  return startDocumentDbPair({ cache: ENGINE_CACHE, fsync, isReady: answersAlready });
}

async function startMongod(mongod: string): Promise<OwnTestServer> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-mongo-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const user = unprivilegedUser();
  for (const path of [folder, data]) giveAway(path, user);
  const port = await freePort();
  const args = ["--dbpath", data, "--port", String(port), "--bind_ip", "127.0.0.1", "--nounixsocket"];
  const server = new SupervisedProcess(folder, { command: mongod, args, ...user });
  const url = `mongodb://127.0.0.1:${port}`;
  try {
    await server.start(() => answersAlready(url));
  } catch (error) {
    await server.dispose();
    throw error;
  }
  const self: OwnTestServer = register({
    name: `MongoDB (${mongod})`,
    url,
    kill: () => server.end("SIGKILL"),
    restart: async () => {
      if (server.isRunning) await server.end("SIGKILL");
      await startAgain(server, () => answersAlready(url));
    },
    stop: async () => {
      unregister(self);
      if (server.isRunning) await server.end("SIGKILL");
      await server.dispose();
    },
  });
  return self;
}

async function databaseOn(serverUrl: string): Promise<TestServer> {
  if (!(await answers(serverUrl))) throw new Error("The server of MONGODB_URL does not answer.");
  const url = new URL(serverUrl);
  const database = `waymark_test_${randomUUID().replaceAll("-", "")}`;
  // If a URL has no authSource, the server looks for the user in the URL's database.
  if (url.username !== "" && !url.searchParams.has("authSource")) {
    url.searchParams.set("authSource", url.pathname.slice(1) || "admin");
  }
  url.pathname = `/${database}`;
  const self: TestServer = register({
    name: "MongoDB (MONGODB_URL)",
    url: url.href,
    stop: async () => {
      unregister(self);
      await withClient(url.href, (client) => client.db(database).dropDatabase());
    },
  });
  return self;
}

function mongodOnPath(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, process.platform === "win32" ? "mongod.exe" : "mongod");
    if (folder !== "" && existsSync(path)) {
      accessSync(path, constants.X_OK);
      return path;
    }
  }
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.db("admin").command({ ping: 1 }));
    return true;
  } catch {
    return false;
  }
}

/** Returns whether a server that was just started answers. The driver would wait for 0.5 s after a refused connection. */
async function answersAlready(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
  return answers(url);
}

async function withClient(url: string, work: (client: MongoClient) => Promise<unknown>): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.close();
  }
}
