import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, run } from "../pnpm.ts";
import { freePort } from "../test-servers/free-port.ts";
import { startPostgres, type TestServer } from "../test-servers/index.ts";
import { createExampleProject, type ExampleProject } from "./packed/example-project.ts";

const LONG = 600_000;

function project(name: string): ExampleProject {
  let made: ExampleProject | undefined;
  const of = () => made ?? expect.unreachable();
  beforeAll(() => {
    made = createExampleProject(name);
  }, LONG);
  afterAll(() => made?.remove());
  return {
    get folder() {
      return of().folder;
    },
    tsc: () => of().tsc(),
    remove: () => of().remove(),
  };
}

describe("plain TypeScript", () => {
  const example = project("plain-typescript");

  test("fails, resumes without asking again, waits, and ends with the answer", { timeout: LONG }, () => {
    example.tsc();
    expect(run(process.execPath, ["dist/main.js"], { cwd: example.folder }).split("\n")).toEqual([
      "failed visits is down",
      "suspended { text: '12 sales from 340 visits' }",
      "published: 12 sales from 340 visits",
      expect.stringMatching(/^completed \{$/),
      ...[
        "sales: 12,",
        "visits: 340,",
        "text: '12 sales from 340 visits',",
        "approvedBy: 'grace',",
        "published: true",
      ].map((line) => `  ${line}`),
      "} 3 requests",
      "",
    ]);
  });
});

describe("a custom store", () => {
  const example = project("custom-store");

  test("type-checks, runs a workflow, and passes the conformance suite in Node's runner", { timeout: LONG }, () => {
    example.tsc();
    const { folder: cwd } = example;
    expect(run(process.execPath, ["src/main.ts"], { cwd })).toContain("completed");
    expect(run(process.execPath, ["src/main.ts"], { cwd })).toContain("executions in workflows.db: 2");
    const report = run(process.execPath, ["--test", "--test-reporter=tap", "test/conformance.ts"], { cwd });
    expect(report).toMatch(/^# fail 0$/m);
    expect(report).toMatch(/^# skipped 0$/m);
  });

  test("is the store of the tutorial", () => {
    const source = readFileSync(join(ROOT, "examples/custom-store/src/sqlite-store.ts"), "utf8");
    const fences = codeOf("docs/write-a-store.md").slice(0, -1); // the last one runs the suite
    const [first = "", ...others] = fences;
    for (const fence of [first.slice(first.indexOf("const IS_USED")), ...others])
      expect(source).toContain(fence.trim());
  });
});

describe("NestJS", () => {
  const example = project("nestjs");
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test("is the code of the page", () => {
    const source = readFileSync(join(ROOT, "examples/nestjs/src/workflows.ts"), "utf8");
    expect(codeOf("docs/nestjs.md")).toContain(source);
  });

  test("runs an order once, and ends on SIGTERM when its pool is closed", { timeout: LONG }, async () => {
    example.tsc();
    const env = { ...process.env, DATABASE_URL: server.url, PORT: "0" };
    const child = spawn(process.execPath, ["dist/main.js"], {
      cwd: example.folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    try {
      const url = await addressIn(child.stdout);
      const post = () =>
        fetch(`${url}/orders`, {
          method: "POST",
          headers: { "x-user-id": "ada", "idempotency-key": "1" },
        }).then((response) => response.json());
      expect(await post()).toEqual({ executionId: "order:ada:1", created: true });
      expect(await post()).toEqual({ executionId: "order:ada:1", created: false });
      const find = (userId = "ada") =>
        fetch(`${url}/orders/order:ada:1`, { headers: { "x-user-id": userId } }).then((response) => response.json());
      await expect
        .poll(() => find(), { timeout: 60_000 })
        .toMatchObject({ status: "completed", context: { chargedWith: expect.any(String) } });
    } finally {
      child.kill("SIGTERM");
    }
    expect(await exit).toEqual([null, "SIGTERM"]);
  });
});

describe("the order server", () => {
  const example = project("order-server");

  test("takes an order with the services that stand in, and ends on SIGTERM", { timeout: LONG }, async () => {
    example.tsc();
    const [PORT, SERVICES_PORT] = [await freePort(), await freePort()].map(String);
    const SERVICES_URL = `http://127.0.0.1:${SERVICES_PORT}`;
    const { scripts } = JSON.parse(readFileSync(join(example.folder, "package.json"), "utf8"));
    const start = (script: "services" | "start") =>
      spawn(process.execPath, scripts[script].split(" ").slice(1), {
        cwd: example.folder,
        env: { ...process.env, PORT, SERVICES_PORT, SERVICES_URL },
        stdio: ["ignore", "pipe", "inherit"],
      });
    const services = start("services");
    const shop = start("start");
    const exit = once(shop, "exit");
    try {
      await addressIn(services.stdout);
      const url = await addressIn(shop.stdout);
      const accepted = await fetch(`${url}/orders`, {
        method: "POST",
        headers: { "idempotency-key": "order-1" },
        body: JSON.stringify({ customer: "Ada", totalCents: 4200 }),
      });
      expect(accepted.status).toBe(202);
      const find = () => fetch(`${url}/orders/order-1`).then((response) => response.json());
      await expect.poll(find, { timeout: 60_000 }).toMatchObject({
        status: "completed",
        order: { payment: { id: expect.stringMatching(/^payments-/) }, shipment: { id: expect.any(String) } },
      });
    } finally {
      services.kill();
      shop.kill("SIGTERM");
    }
    expect(await exit).toEqual([0, null]);
  });
});

async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [address] = /http:\S+/.exec(line) ?? [];
    if (address !== undefined) return address.replace("[::1]", "localhost");
  }
  throw new Error("The application ended before it listened.");
}

/** The code of the fences of a page. */
function codeOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```ts[^\n]*\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
}
