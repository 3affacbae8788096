import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The options of {@link privateApt}. Default: the machine's own sources and its list of installed packages. */
export interface PrivateAptOptions {
  /** The content of a sources.list that replaces the machine's sources. */
  sources?: string;
  /** True if packages that the machine has installed count as missing. Default: false. */
  ignoresInstalled?: boolean;
}

/** An apt that changes nothing outside its folder, and needs no privileges. */
export interface PrivateApt {
  /** Returns the packages that an installation of `names` would download, dependencies included. */
  missingFor(names: string[]): Promise<{ name: string; url: string }[]>;
  /**
   * Downloads packages and returns the paths of their files.
   *
   * - apt checks every package against the signed list of its archive, and refuses unsigned packages.
   */
  download(names: string[]): Promise<string[]>;
}

/** Returns whether this machine has Debian's package manager, as Debian and Ubuntu do. */
export function hasApt(): boolean {
  return existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** Returns whether this machine runs Debian itself. */
export function isDebian(): boolean {
  const release = "/etc/os-release";
  return hasApt() && existsSync(release) && /^ID=debian$/m.test(readFileSync(release, "utf8"));
}

/** Prepares an apt in an empty folder and downloads the lists of packages. */
export async function privateApt(folder: string, options: PrivateAptOptions = {}): Promise<PrivateApt> {
  const downloads = join(folder, "cache/archives");
  for (const name of ["state/lists/partial", "cache/archives/partial", "etc/preferences.d"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const settings: Record<string, string> = {
    "Dir::State": join(folder, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(folder, "cache"),
    "Debug::NoLocking": "1",
    "APT::Sandbox::User": "",
    "APT::Install-Recommends": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowDowngradeToInsecureRepositories": "false",
    "Acquire::Languages": "none",
  };
  if (options.ignoresInstalled) {
    settings["Dir::State::status"] = join(folder, "status");
    writeFileSync(join(folder, "status"), "");
  }
  if (options.sources !== undefined) {
    settings["Dir::Etc::sourcelist"] = join(folder, "etc/sources.list");
    settings["Dir::Etc::sourceparts"] = "/dev/null";
    settings["Dir::Etc::preferencesparts"] = "/dev/null";
    writeFileSync(join(folder, "etc/sources.list"), options.sources);
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const apt = (command: string[]) =>
    run("apt-get", ["-qq", ...args, ...command], { cwd: downloads, maxBuffer: 16_000_000 });
  await apt(["update"]);
  return {
    missingFor: async (names) => {
      const { stdout } = await apt(["--print-uris", "install", ...names]);
      return stdout.split("\n").flatMap((line) => {
        const [, url, file] = /^'([^']+)' (\S+)/.exec(line) ?? [];
        if (url === undefined || file === undefined) return [];
        return [{ name: decodeURIComponent(String(file.split("_")[0])), url }];
      });
    },
    download: async (names) => {
      await apt(["download", ...names]);
      return readdirSync(downloads)
        .filter((name) => name.endsWith(".deb"))
        .map((name) => join(downloads, name));
    },
  };
}
