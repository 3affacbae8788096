import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWorkflowError } from "@waymark/core";
import { newExecution } from "tooling/store-fixtures";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { lockDirectory } from "../src/pglite/directory-lock.ts";

const root = mkdtempSync(join(tmpdir(), "waymark-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, String(++folders));
const modeOf = (path: string) => statSync(path).mode & 0o777;

const umask = process.umask();
afterEach(() => {
  process.umask(umask);
});

describe("a new folder", () => {
  it.each([0o000, 0o022, 0o077, 0o177])("is for its user alone, under the umask %i", async (mask) => {
    process.umask(mask);
    const folder = newFolder();
    const lock = await lockDirectory(folder);
    process.umask(umask);
    expect(modeOf(folder)).toBe(0o700);
    for (const name of readdirSync(folder))
      if (lstatSync(join(folder, name)).isFile()) expect(modeOf(join(folder, name)) & 0o077).toBe(0);
    await lock.release();
  });

  it("has a database inside that is closed to others, even if it was open to them", async () => {
    process.umask(0o000);
    const dataDir = newFolder();
    const first = await PostgresCheckpointStore.connect({ dataDir });
    await first.createExecution(newExecution("a"));
    await first.close();
    expect([modeOf(dataDir), modeOf(join(dataDir, "pgdata"))]).toEqual([0o700, 0o700]);
    chmodSync(join(dataDir, "pgdata"), 0o777);
    await using second = await PostgresCheckpointStore.connect({ dataDir });
    expect(modeOf(join(dataDir, "pgdata"))).toBe(0o700);
    expect(await second.getExecution("a")).toBeDefined();
  });

  it("keeps its mode if it exists already", async () => {
    const folder = newFolder();
    mkdirSync(folder);
    chmodSync(folder, 0o750);
    await (await lockDirectory(folder)).release();
    expect(modeOf(folder)).toBe(0o750);
  });
});

const owner = {
  pid: 1,
  host: "h",
  boot: "b",
  socket: "waymark-00000000-0000-0000-0000-000000000000.sock",
  released: true,
};
const text = (changes: object) => JSON.stringify({ ...owner, ...changes });

describe("an invalid lock file", () => {
  let folder: string;
  let victim: string;
  beforeEach(() => {
    folder = newFolder();
    mkdirSync(folder);
    victim = `${folder}-victim`;
    writeFileSync(victim, "precious");
  });

  const write = (content: string, name = "waymark-lock-3") => {
    writeFileSync(join(folder, name), content);
    return name;
  };

  it.each<[string, () => string]>([
    ["is empty", () => write("")],
    ["is no JSON", () => write("{")],
    ["is null", () => write("null")],
    ["is a number", () => write("7")],
    ["is a list", () => write("[]")],
    ["has no socket", () => write(text({ socket: undefined }))],
    ["has a socket elsewhere", () => write(text({ socket: "../victim" }))],
    ["has a socket by its full path", () => write(text({ socket: victim }))],
    ["has a socket that is a number", () => write(text({ socket: 7 }))],
    ["has a process that is a text", () => write(text({ pid: "1" }))],
    ["has a process beyond all numbers", () => write(text({ pid: 1e300 }))],
    ["has a machine that is an object", () => write(text({ host: {} }))],
    ["has a long name of a machine", () => write(text({ host: "h".repeat(300) }))],
    ["has a field released that is a text", () => write(text({ released: "no" }))],
    ["is large", () => write(`${text({})}${" ".repeat(5_000)}`)],
    ["has a number beyond all numbers", () => write(text({}), "waymark-lock-99999999999999999999")],
    ["has the last number of all", () => write(text({}), `waymark-lock-${Number.MAX_SAFE_INTEGER}`)],
    ["has a number above 2^53", () => write(text({}), "waymark-lock-9007199254740993")],
    ["has a number with zeros before it", () => write(text({}), "waymark-lock-007")],
    [
      "is a link to another file",
      () => {
        writeFileSync(victim, text({}));
        symlinkSync(victim, join(folder, "waymark-lock-3"));
        return "waymark-lock-3";
      },
    ],
    [
      "is a link to nothing",
      () => {
        symlinkSync(join(root, "nothing"), join(folder, "waymark-lock-3"));
        return "waymark-lock-3";
      },
    ],
    [
      "is a folder",
      () => {
        mkdirSync(join(folder, "waymark-lock-3"));
        return "waymark-lock-3";
      },
    ],
    [
      "is a pipe",
      () => {
        execFileSync("mkfifo", [join(folder, "waymark-lock-3")]);
        return "waymark-lock-3";
      },
    ],
    [
      "is a device",
      () => {
        symlinkSync("/dev/zero", join(folder, "waymark-lock-3"));
        return "waymark-lock-3";
      },
    ],
  ])("that %s is reported with its name, and nothing is changed", async (_what, make) => {
    const name = make();
    const before = existsSync(victim) ? readFileSync(victim, "utf8") : undefined;
    const error = await lockDirectory(folder).catch((reason) => reason);
    expect(isWorkflowError(error, "STORE_UNAVAILABLE"), String(error)).toBe(true);
    expect(error).toMatchObject({ details: { reason: "folder", file: join(folder, name) } });
    expect(error.message).toContain(join(folder, name));
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(victim, "utf8")).toBe(before);
    // As the message advises.
    rmSync(join(folder, name), { recursive: true });
    await (await lockDirectory(folder)).release();
  });

  it("below the newest one is ignored, and the file that it names is not changed", async () => {
    write(text({}), "waymark-lock-9");
    write(text({ socket: "../victim" }), "waymark-lock-3");
    symlinkSync(victim, join(folder, "waymark-lock-4"));
    mkdirSync(join(folder, "waymark-lock-5"));
    const lock = await lockDirectory(folder);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(["waymark-lock-10", "waymark-lock-5"]));
    expect(readFileSync(victim, "utf8")).toBe("precious");
    await lock.release();
  });
});

describe("the socket that a lock names", () => {
  it("does not count if it is a link to one elsewhere, which is not changed", async () => {
    const folder = newFolder();
    mkdirSync(folder);
    const elsewhere = join(root, "elsewhere.sock");
    let connections = 0;
    const server = createServer(() => {
      connections += 1;
    }).listen(elsewhere);
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    symlinkSync(elsewhere, join(folder, owner.socket));
    writeFileSync(join(folder, "waymark-lock-1"), text({ boot, released: undefined }));
    const lock = await lockDirectory(folder);
    expect(connections).toBe(0);
    expect(existsSync(elsewhere)).toBe(true);
    await lock.release();
    server.close();
  });
});

describe("a lock", () => {
  it("can be released after its folder was removed", async () => {
    const folder = newFolder();
    const lock = await lockDirectory(folder);
    rmSync(folder, { recursive: true });
    await lock.release();
    expect(existsSync(folder)).toBe(false);
  });
});
