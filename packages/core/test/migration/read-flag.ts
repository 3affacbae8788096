// Started by sticky-percent.test.ts: prints the keys of 200 calls that V2 serves, by the percentage in a file.

import { readFile } from "node:fs/promises";
import { twoExecutors } from "./two-executors.ts";

const [, , flag = ""] = process.argv;
const { rollout } = twoExecutors({ by: "user", percent: async () => Number(await readFile(flag, "utf8")) });
const served: string[] = [];
for (let i = 0; i < 200; i++) {
  const userId = `user-${i}`;
  const { executor } = await rollout.executeWorkflow({ workflowId: "w1", userId });
  if (executor === "v2") served.push(userId);
}
console.log(served.join(" "));
