import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineWorkflow, isWorkflowError } from "@waymark/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseWorkflows } from "../src/import/workflow-file.ts";

const FOLDER = fileURLToPath(new URL("./drawings/", import.meta.url));
const files = (await readdir(FOLDER)).sort();
const values = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(FOLDER + file, "utf8")) as unknown),
);

/** The damages of a value: removed, replaced or doubled. */
const damage = fc.record({
  file: fc.nat(values.length - 1),
  places: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
  by: fc.oneof(
    fc.constantFrom(null, "", "0", 0, -1, 1.5, 1e300, true, [], {}, [[]], [null], "__proto__", "\u0000", "\ud800"),
    fc.constantFrom("[", '{"nodes":[]}', "main", "Start", "n1", "loop", { nodes: [], edges: [] }),
    fc.jsonValue(),
  ),
});

it("reads a damaged drawing, or refuses it with a code and a short message", () => {
  fc.assert(
    fc.property(damage, ({ file, places, by }) => {
      const value = places.reduce((before, place) => replaceAt(before, place, by), structuredClone(values[file]));
      try {
        for (const { workflow, dropped } of parseWorkflows(value, "file")) {
          expect(defineWorkflow(workflow).nodes.length).toBeGreaterThan(0);
          expect(dropped.every((sentence) => sentence.length < 2_000)).toBe(true);
        }
      } catch (error) {
        if (!isWorkflowError(error)) throw error;
        expect(error.message.length).toBeLessThan(5_000);
        expect(error.message).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 3_000 },
  );
});

/** Replaces the value with the given number among all values inside a value. */
function replaceAt(value: unknown, place: number, by: unknown): unknown {
  const spots: [Record<string, unknown>, string][] = [];
  const walk = (inside: unknown) => {
    if (typeof inside !== "object" || inside === null) return;
    for (const key of Object.keys(inside)) {
      spots.push([inside as Record<string, unknown>, key]);
      walk((inside as Record<string, unknown>)[key]);
    }
  };
  walk(value);
  const spot = spots[place % Math.max(1, spots.length)];
  if (spot === undefined) return structuredClone(by);
  const [inside, key] = spot;
  Object.defineProperty(inside, key, {
    value: structuredClone(by),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return value;
}
