import type { Manifest } from "../build/manifest.ts";

/** The fields of a manifest that must equal those of the workspace's root manifest. */
type Origin = Pick<Manifest, "author" | "bugs" | "license" | "repository">;

/**
 * Lists the problems of a package's manifest. The registry shows where the source of a public one is and where to report a
 * bug, and finds it by its keywords.
 *
 * - `directory` is the package's folder relative to the root, with forward slashes: `packages/core`.
 */
export function manifestProblems(manifest: Manifest, root: Origin, directory: string): string[] {
  const problems: string[] = [];
  const web = root.repository?.url?.replace(/^git\+/, "").replace(/\.git$/, "");
  const expected: Record<string, unknown> = {
    author: root.author,
    bugs: root.bugs,
    homepage: `${web}/tree/main/${directory}#readme`,
    license: root.license,
    repository: { ...root.repository, directory },
  };
  for (const [field, value] of Object.entries(expected)) {
    const actual = manifest[field as keyof Manifest];
    if (JSON.stringify(actual) !== JSON.stringify(value)) {
      problems.push(`package.json: ${field} is ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`);
    }
  }
  if (!manifest.description) problems.push("package.json: description is missing");
  const keywords = manifest.keywords ?? [];
  if (!keywords.includes("waymark") || keywords.length < 3) {
    problems.push('package.json: keywords needs "waymark" and at least two others');
  }
  return problems;
}
