import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "../../pnpm.ts";

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** The Node on which the packages are tested: the one with which the test run was started. */
const HOST_NODE = process.env.WAYMARK_HOST_NODE ?? process.execPath;

/** The compiler options of a user's project, by its kind of module resolution. */
export const RESOLUTIONS = {
  nodenext: { module: "NodeNext", moduleResolution: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "Bundler" },
};

interface CompileOptions {
  resolution: keyof typeof RESOLUTIONS;
  outDir: string;
  /** True to leave errors inside of declarations alone. Default: false. */
  skipLibCheck?: boolean;
}

/** A user's project, in an empty folder outside the workspace. */
export interface Consumer {
  folder: string;
  write(file: string, content: string): void;
  /** Type-checks `file` as a user's compiler would and emits its JavaScript into `outDir`. */
  compile(file: string, options: CompileOptions): void;
  /** Runs a file on the host's Node and returns its stdout. */
  node(file: string, ...args: string[]): string;
  remove(): void;
}

/** Makes a project and installs tarballs into it with npm, which uses the network only if `network` is true. */
export function createConsumer(tarballs: string[], { network = false } = {}): Consumer {
  const folder = mkdtempSync(join(tmpdir(), "waymark-consumer-"));
  const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
  write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
  run("npm", ["install", network ? "--prefer-offline" : "--offline", "--no-audit", "--no-fund", ...tarballs], {
    cwd: folder,
  });
  return {
    folder,
    write,
    compile(file, { resolution, outDir, skipLibCheck = false }) {
      mkdirSync(join(folder, outDir), { recursive: true });
      const compilerOptions = {
        ...RESOLUTIONS[resolution],
        target: "ES2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmitOnError: true,
        skipLibCheck,
        types: ["node"],
        typeRoots: [join(ROOT, "node_modules/@types")],
        rootDir: ".",
        outDir,
      };
      const project = `tsconfig.${outDir}.json`;
      write(project, JSON.stringify({ compilerOptions, files: [file] }));
      run(process.execPath, [TSC, "-p", project, "--pretty", "false"], { cwd: folder });
    },
    node: (file, ...args) => run(HOST_NODE, [file, ...args], { cwd: folder }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
