import { join } from "node:path";
import { expect, it } from "vitest";
import { openExecutionRows } from "../src/import/execution-rows.ts";
import { folderWith } from "./run-cli.ts";

it("ids that are numbers are read exactly, and refused if their text does not show them", async () => {
  const lines = [
    '{"id":9007199254740993,"workflow_id":"w","user_id":12,"output":{"id":9007199254740993}}',
    '{"id":9007199254740992,"workflow_id":"w","user_id":-9223372036854775808}',
    '{"id":7,"workflow_id":"w","user_id":"u"}',
    '{"id":1e21,"workflow_id":"w","user_id":"u"}',
  ];
  await using folder = await folderWith({ "rows.ndjson": lines.join("\n") });
  const rows = [];
  for await (const row of await openExecutionRows(join(folder.path, "rows.ndjson"), {})) rows.push(row);
  const [last] = rows.splice(3);
  expect(rows.map((row) => (row instanceof Error ? row : [row.executionId, row.userId]))).toEqual([
    ["9007199254740993", "12"],
    ["9007199254740992", "-9223372036854775808"],
    ["7", "u"],
  ]);
  expect(last).toEqual(new Error("its executionId is a number that JSON does not keep exactly; export it as a text"));
});
