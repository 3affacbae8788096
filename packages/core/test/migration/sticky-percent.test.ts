import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { stickyPercent } from "../../src/migration/sticky-percent.ts";

const KEYS = Array.from({ length: 100_000 }, (_, i) => `workflow-${i}`);

it("places 10 percent of 100,000 keys below 10, and others likewise", () => {
  for (const percent of [1, 10, 50, 90]) {
    const part = (KEYS.filter((key) => stickyPercent(key) < percent).length / KEYS.length) * 100;
    expect(Math.abs(part - percent)).toBeLessThan(0.3);
  }
});

it("places every key at 0 or above and below 100, always at the same place", () => {
  for (const key of [...KEYS.slice(0, 1_000), "", "é", "\ud800", "x".repeat(10_000)]) {
    expect(stickyPercent(key)).toBeGreaterThanOrEqual(0);
    expect(stickyPercent(key)).toBeLessThan(100);
    expect(stickyPercent(key)).toBe(stickyPercent(key));
  }
  // Of every version: a key must not change its side with an update of the package.
  expect(stickyPercent("orders")).toBeCloseTo(10.971897, 5);
});

it("five processes that read one flag send the same keys to V2, and a raised flag only adds keys", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-flag-"));
  try {
    const flag = join(folder, "percent");
    const served = async (percent: number) => {
      writeFileSync(flag, String(percent));
      const script = fileURLToPath(new URL("./read-flag.ts", import.meta.url));
      const runs = Array.from({ length: 5 }, () => promisify(execFile)(process.execPath, [script, flag]));
      const outputs = (await Promise.all(runs)).map(({ stdout }) => stdout.trim());
      expect(new Set(outputs).size).toBe(1);
      return new Set((outputs[0] ?? "").split(" "));
    };
    const few = await served(10);
    const many = await served(50);
    expect(few.size).toBeGreaterThan(5);
    expect(many.size).toBeGreaterThan(few.size * 2);
    expect([...few].filter((key) => !many.has(key))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
