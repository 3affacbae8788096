import type * as z from "zod/mini";

type Issue = z.core.$ZodIssue;

/** Says what is wrong with an input, each problem with the path of what it is about. */
export function inputProblems({ issues }: { issues: readonly Issue[] }): string {
  return issues.flatMap(textsOf).join("; ");
}

function textsOf(issue: Issue): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${[...path, key].join(".")}: is not known`);
  return [`${path.join(".") || "the value"}: ${messageOf(issue)}`];
}

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `must have at most ${issue.maximum}`;
    case "too_small":
      return `must have at least ${issue.minimum}`;
    default:
      return issue.message;
  }
}
