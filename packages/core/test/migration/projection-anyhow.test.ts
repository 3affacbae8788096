import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { type ProjectedExecution, projectExecutions } from "../../src/migration/index.ts";
import { revisionOf } from "../../src/migration/projected-execution.ts";
import { chain } from "../engine/chain.ts";
import { newWorld } from "../engine/world.ts";
import { Table } from "./table.ts";

const IDS = ["e1", "e2", "e3"] as const;
const executor: NodeExecutor = ({ context, node, resume }) => {
  if (node.id === "n2" && context.does === "fail") throw new Error("no");
  if (node.id === "n2" && context.does === "wait" && resume === undefined) return suspend();
  return { ...context, does: "go", [node.id]: true };
};

const operation = fc.record({
  process: fc.nat({ max: 1 }),
  id: fc.constantFrom(...IDS),
  does: fc.constantFrom("start", "fail", "wait", "run", "answer", "cancel", "delete", "restart", "pass"),
});

describe("a projection, whatever happens", () => {
  it("leaves the table equal to the store after the next sweep", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 14 }),
        fc.infiniteStream(fc.constantFrom("ok", "ok", "throws", "late", "half")),
        fc.boolean(),
        async (operations, fates, byNewProcess) => {
          const { engine: newEngine, toEnd, pass, store } = newWorld(chain(3), executor, { leaseMs: 1_000 });
          const table = new Table();
          let isOver = false;
          const processes = [0, 1].map(() => newProcess());

          /** A process with a projection whose writes fail, or reach the table although they seem to have failed. */
          function newProcess() {
            let isAlive = true;
            const engine = newEngine();
            const write = async (row: ProjectedExecution) => {
              const fate = isOver ? "ok" : fates.next().value;
              if (fate === "late") await new Promise((resolve) => setImmediate(resolve));
              if (!isAlive) throw new Error("dead");
              if (fate !== "throws") await table.write(row);
              if (fate === "throws" || fate === "half") throw new Error("away");
            };
            const projection = projectExecutions({
              engine,
              write,
              onFailure: () => undefined,
              sweepIntervalMs: 30_000,
            });
            const kill = async () => {
              isAlive = false;
              await toEnd(projection.stop());
            };
            return { engine, kill, projection };
          }

          for (const { process, id: executionId, does } of operations) {
            const { engine, kill } = processes[process] as ReturnType<typeof newProcess>;
            const call = { workflowId: "chain", userId: "u1", executionId };
            const work: Record<typeof does, () => Promise<unknown>> = {
              start: () => engine.startExecution(call),
              fail: () => engine.executeWorkflow({ ...call, initialData: { does: "fail" } }),
              wait: () => engine.executeWorkflow({ ...call, initialData: { does: "wait" } }),
              run: () => engine.resumeWorkflow({ executionId }),
              answer: () => engine.resumeWorkflow({ executionId, data: true }),
              cancel: () => engine.cancelExecution({ executionId }),
              delete: () => engine.deleteExecution({ executionId }),
              restart: async () => {
                await kill();
                processes[process] = newProcess();
              },
              pass: () => pass(40_000),
            };
            // Many do not fit what is there.
            await toEnd(work[does]().catch(() => undefined));
          }

          // By a process that has lived through it, or by a new one.
          isOver = true;
          if (byNewProcess) {
            for (const { kill } of processes) await kill();
            processes[0] = newProcess();
          }
          await toEnd(processes[0]?.projection.sweep() as Promise<unknown>);
          for (const head of (await store.listExecutions()).items) {
            const { id, status, currentStep, version, token } = head;
            const state = await newEngine().getExecutionState(id);
            expect(table.rows.get(id)).toMatchObject({ status, currentStep, output: state.toExecutionOutput() });
            expect(table.rows.get(id)?.revision).toBe(revisionOf({ token, version }));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
