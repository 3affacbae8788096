import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";
import { ADVICE } from "../test-servers/advice.ts";

const compose = readFileSync(join(ROOT, "compose.yaml"), "utf8");
const contributing = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
const services = compose.split(/^(?= {2}[\w-]+:$)/m).slice(1);

test.each(Object.entries(ADVICE))(
  "the advice for %s names a service of compose.yaml and its address",
  (name, advice) => {
    const service = services.find((text) => text.startsWith(`  ${name}:`));
    const [, variable, address, port] = /([A-Z]+_URL)=(\S+?:(\d+)\S*?)\.? /.exec(advice) ?? [];
    expect(advice).toContain(`docker compose up -d --wait ${name}`);
    expect(service).toContain(`"127.0.0.1:${port}:${port}"`);
    for (const text of [compose, contributing]) expect(text).toContain(`${variable}=${address}`);
  },
);
