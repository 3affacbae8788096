import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "./fetch-once.ts";
import { downloadPinned, type PinnedFile } from "./pinned-file.ts";

const VERSION = "8.2.6";
const SITE = "https://fastdl.mongodb.org";

/** MongoDB's own archives, by platform. An archive is used only if its content has this hash. */
export const MONGOD_ARCHIVES: Record<string, PinnedFile> = {
  "darwin-arm64": {
    url: `${SITE}/osx/mongodb-macos-arm64-${VERSION}.tgz`,
    integrity: "sha256-74MB0FzbRoZ3Wu4d3OORtfHNZ83GEXnC0h2rJGosTxs=",
  },
  "darwin-x64": {
    url: `${SITE}/osx/mongodb-macos-x86_64-${VERSION}.tgz`,
    integrity: "sha256-Oba6gK0hrRyo29mJ1/6Bpgql9BR160LUJH/kB0AGLz0=",
  },
  "ubuntu-arm64": {
    url: `${SITE}/linux/mongodb-linux-aarch64-ubuntu2404-${VERSION}.tgz`,
    integrity: "sha256-jqpQ0gjoLfnv+kYqbFyyAKZbA3+hGK8BU/cBzhzqtCI=",
  },
  "ubuntu-x64": {
    url: `${SITE}/linux/mongodb-linux-x86_64-ubuntu2404-${VERSION}.tgz`,
    integrity: "sha256-VjFKDwqBI42XQwL7/+eGLv6WlMSY6tYqC8qSy1laDfA=",
  },
};

/**
 * Returns the mongod from MongoDB's site, which is downloaded once, into `folder`. Returns `undefined` if the site
 * cannot be reached, or there is no archive with a known hash for this platform (macOS, and Ubuntu 24.04 or newer).
 */
export async function downloadedMongod(folder: string): Promise<string | undefined> {
  const mongod = join(folder, `mongod-${VERSION}`);
  const archive = MONGOD_ARCHIVES[`${isNewUbuntu() ? "ubuntu" : process.platform}-${process.arch}`];
  if (existsSync(mongod)) return mongod;
  if (archive === undefined || !(await isReachable(archive.url))) return undefined;
  process.stderr.write(`[test server] fetching mongod ${VERSION} from MongoDB's site\n`);
  await fetchOnce(mongod, async (building) => {
    const file = join(building, "archive.tgz");
    await downloadPinned(archive, file);
    await promisify(execFile)("tar", ["-xzf", file, "-C", building, "--strip-components=1"]);
    return join(building, "bin/mongod");
  });
  return mongod;
}

function isNewUbuntu(): boolean {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID=ubuntu$/m.test(release) && Number(/^VERSION_ID="?([\d.]+)/m.exec(release)?.[1]) >= 24.04;
}

async function isReachable(url: string): Promise<boolean> {
  return fetch(url, { method: "HEAD", signal: AbortSignal.timeout(3_000) }).then(
    ({ status }) => status < 500,
    () => false,
  );
}
