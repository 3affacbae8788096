import { formatRolloutReport, type RolloutOutcome, type RolloutReport, report } from "@waymark/core/migration";
import { createApp, type DemoApp, type Deployment, type OrderRequest } from "./demo-app.ts";
import { DemoDatabase } from "./demo-database.ts";
import { CANVAS } from "./demo-nodes.ts";

/** What the demo came to. */
export interface DemoReport {
  /** True if the stop caught the bug, and every order was charged once and rightly. */
  ok: boolean;
  /** The orders of each phase, by the executor that served them. */
  phases: { name: string; v1: number; v2: number; stopped?: string }[];
  /** The application's own rows. */
  rows: { v1: number; v2: number; failed: number };
  wrongCharges: string[];
  report: RolloutReport;
}

const USERS = 40;
/** The orders of a phase. */
const ORDERS = 40;
/** The order whose payment fails once. */
const FAILING = "100 %-7";

/** Takes an application from V1 to V2, and passes a line of text for each step to `say`. */
export async function runRolloutDemo(say: (line: string) => void): Promise<DemoReport> {
  const database = await DemoDatabase.open();
  const outcomes: RolloutOutcome[] = [];
  const phases: DemoReport["phases"] = [];
  let percent = 0;
  let isDown = true;
  const deploy = (hasBug: boolean): DemoApp => {
    const settings: Deployment = {
      ...{ database, hasBug, percent: () => percent },
      isDown: (orderId) => isDown && orderId === FAILING,
      onOutcome: (outcome) => void outcomes.push(outcome),
    };
    return createApp(settings);
  };
  const phase = async (app: DemoApp, name: string): Promise<void> => {
    const counts = { v1: 0, v2: 0 };
    for (let i = 0; i < ORDERS; i++) {
      const request = orderOf(name, i);
      let answer = await app.post(request);
      if (!answer.success) {
        isDown = false;
        say(`  order ${i}: the payment service was down. The caller tries again, with the same id.`);
        answer = await app.post(request);
      }
      counts[answer.executor] += 1;
    }
    await app.rollout.settled();
    const { stopped } = app.rollout;
    phases.push({ name, ...counts, ...(stopped === undefined ? {} : { stopped: stopped.limit }) });
    say(`  ${counts.v1} orders by V1, ${counts.v2} by V2`);
  };
  try {
    await database.saveWorkflow("order", CANVAS);

    say("V1 serves everything. V2 has a rewritten node, with a bug that nobody knows of.");
    say("Phase 1: V2 is compared with recorded runs of V1.");
    const first = deploy(true);
    await phase(first, "compare");
    for (const { workflowId, nodeId, path, v1, v2, count } of report(outcomes).shadow.mismatches) {
      say(`  ${count} differences in ${workflowId} after node ${nodeId}, at ${path}: V1 ${v1}, V2 ${v2}`);
    }
    say(`  stopped: ${first.rollout.stopped?.limit} reached ${first.rollout.stopped?.value}`);

    percent = 10;
    say("Somebody sets the flag to 10 %. The rollout has stopped, so V1 serves everything.");
    await phase(first, "stopped");
    await first.close();

    say("The node is repaired, and the application is deployed again.");
    const second = deploy(false);
    for (percent of [10, 50, 100]) {
      say(`Phase ${percent === 10 ? 2 : 3}: ${percent} %.`);
      await phase(second, `${percent} %`);
    }
    await second.close();

    const rows = await database.executions();
    const wrongCharges = await database.wrongCharges(totalOf);
    const count = (executor: "v1" | "v2") => rows.filter((row) => row.executor === executor).length;
    const summary = report(outcomes);
    say("");
    say(formatRolloutReport(summary));
    say(
      `The application's table has ${rows.length} executions. Orders charged twice or wrongly: ${wrongCharges.length}.`,
    );
    const [compared, stopped, ...others] = phases;
    const isCaught = compared?.stopped === "mismatches" && stopped?.v2 === 0;
    const isThrough = others.at(-1)?.v1 === 0 && others.every((each) => each.stopped === undefined);
    const failed = rows.filter(({ status }) => status !== "SUCCESS").length;
    return {
      ok: isCaught && isThrough && failed === 0 && wrongCharges.length === 0 && rows.length === phases.length * ORDERS,
      phases,
      rows: { v1: count("v1"), v2: count("v2"), failed },
      wrongCharges,
      report: summary,
    };
  } finally {
    await database.close();
  }
}

function orderOf(phase: string, index: number): OrderRequest {
  const items = [{ price: 20 + (index % 4) * 10, count: 2 + (index % 3) }];
  return { requestId: `${phase}-${index}`, userId: `user-${index % USERS}`, items };
}

/** What an order must cost: that of the node that was right. */
function totalOf(orderId: string): number {
  const { items } = orderOf("", Number(orderId.slice(orderId.lastIndexOf("-") + 1)));
  const total = items.reduce((sum, { price, count }) => sum + price * count, 0);
  return total >= 100 ? total * 0.9 : total;
}
