import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FAULT_REASONS } from "../src/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("the reasons of a STORE_UNAVAILABLE", () => {
  it.each(FAULT_REASONS)("%s stands in the README's table", (reason) => {
    const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows.some((row) => row.split("|")[1]?.includes(`\`${reason}\``))).toBe(true);
  });
});
