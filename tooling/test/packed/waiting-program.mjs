// For packed-upgrade.test.ts, which runs it with installed packages of one version: one call on one store.
// Arguments: the store's module and class, the options of connect(), and a call: begin, answer or read.
import { createWorkflowEngine, suspend } from "@waymark/core";

const [module, name, options, call, executionId] = process.argv.slice(2);
const { [name]: Store } = await import(module);
const store = await Store.connect(JSON.parse(options));
const version = process.env.VERSION;

const engine = createWorkflowEngine({
  store,
  workflows: [
    {
      id: "approval",
      nodes: [
        { id: "prepare", type: "prepare" },
        { id: "approve", type: "approve" },
        { id: "pay", type: "pay" },
      ],
      edges: [
        { source: "prepare", target: "approve" },
        { source: "approve", target: "pay" },
      ],
    },
  ],
  executors: {
    prepare: ({ context }) => ({ ...context, at: new Date(5), by: new Map([["prepare", version]]), total: 2n ** 70n }),
    approve: ({ context, resume }) =>
      resume === undefined ? suspend({ reason: "approval" }) : { ...context, approved: resume.data },
    pay: ({ context }) => ({ ...context, by: new Map([...context.by, ["pay", version]]) }),
  },
});

const calls = {
  begin: () => engine.executeWorkflow({ workflowId: "approval", userId: "u", executionId, initialData: { n: 1 } }),
  answer: () => engine.resumeWorkflow({ executionId, data: version }),
  read: () => engine.getExecutionState(executionId).then((state) => ({ status: state.getStatus() })),
};
const { status } = await calls[call]();
const { at, by, total, approved, n } = (await engine.getExecutionState(executionId)).getContext();
const context = { at: at.getTime(), by: Object.fromEntries(by), total: String(total), approved, n };
console.log(JSON.stringify({ status, context }));
await store.close();
