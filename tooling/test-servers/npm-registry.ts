import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess } from "./supervised-process.ts";

const VERDACCIO = join(fileURLToPath(import.meta.resolve("verdaccio/package.json")), "../bin/verdaccio");

/** A registry of npm's protocol, without a package. */
export interface NpmRegistry extends TestServer {
  /** A line of `.npmrc` with a token: npm refuses to publish without one. The registry accepts any. */
  readonly credentials: string;
}

/** Starts an empty registry, to which anybody may publish packages of the scope `@waymark`. It knows no others. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-registry-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const everybody = { access: "$all", publish: "$all" };
  const settings = {
    storage: join(folder, "storage"),
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    packages: { "@waymark/*": everybody },
    web: { enable: false },
    log: { type: "stdout", format: "pretty", level: "warn" },
  };
  // JSON is YAML, too.
  writeFileSync(join(folder, "config.yaml"), JSON.stringify(settings));
  const args = [VERDACCIO, "--config", join(folder, "config.yaml"), "--listen", `127.0.0.1:${port}`];
  const process_ = new SupervisedProcess(folder, { command: process.execPath, args });
  const isReady = async () => (await fetch(new URL("-/ping", url)).catch(() => undefined))?.ok === true;
  try {
    await process_.start(isReady);
  } catch (error) {
    await process_.dispose();
    throw error;
  }
  const registry: NpmRegistry = {
    name: "npm registry (verdaccio)",
    url,
    credentials: `//127.0.0.1:${port}/:_authToken=any`,
    stop: async () => {
      unregister(registry);
      await process_.dispose();
    },
  };
  return register(registry);
}
