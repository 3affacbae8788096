import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync } from "node:fs";
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
/** What a server of one's own can be told. */
export interface OwnMongoOptions {
  /**
   * Whether DocumentDB syncs its log to the disk. Default: false; what was written outlives a killed server, though not
   * a power cut. Measurements set it to true. mongod always does.
   */
  fsync?: boolean;
}

/** A MongoDB for tests: a fresh database on the server of `MONGODB_URL`, else a server of one's own. */
export async function startMongo(): Promise<TestServer> {
  const url = process.env.MONGODB_URL;
  return url === undefined || url === "" ? startOwnMongo() : databaseOn(url);
}

/**
 * A MongoDB that may be killed: a server of one's own, whatever `MONGODB_URL` says.
 *
 * - It is `mongod` of the PATH, else the one of MongoDB's site, else the DocumentDB engine of Debian.
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

/** Whether the DocumentDB engine is there or can be fetched: from Debian's packages, for amd64. */
export function hasDocumentDb(): boolean {
  return hasDocumentDbEngine(ENGINE_CACHE);
}

/** A DocumentDB whose engine can be spoken to, whatever else is at hand. */
export async function startOwnDocumentDb({ fsync = false }: OwnMongoOptions = {}): Promise<DocumentDb> {
  return startDocumentDb({ cache: ENGINE_CACHE, fsync, isReady: answers });
}

/** A DocumentDB of one's own with a standby. */
export async function startOwnDocumentDbPair({ fsync = false }: OwnMongoOptions = {}): Promise<DocumentDbPair> {
  return startDocumentDbPair({ cache: ENGINE_CACHE, fsync, isReady: answers });
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
    await server.start(() => answers(url));
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
      await startAgain(server, () => answers(url));
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
  if (!(await answers(serverUrl))) throw new Error("MONGODB_URL names a server that does not answer.");
  const url = new URL(serverUrl);
  const database = `waymark_test_${randomUUID().replaceAll("-", "")}`;
  // The user of a URL without authSource is looked for in the database that it names.
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

async function withClient(url: string, work: (client: MongoClient) => Promise<unknown>): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.close();
  }
}
