import { type Mutants, mending, onRefusal } from "./mutant.ts";

export const limitMutants: Mutants = {
  "limits/metadata": {
    fault: "counts the characters of metadata",
    takesWrongArguments: true,
    wrap: (store) => ({
      createExecution: (execution) =>
        onRefusal(
          "INVALID_ARGUMENT",
          () => store.createExecution(execution),
          () => {
            const isShort = execution?.metadata?.tag?.startsWith?.("é") === true;
            return store.createExecution(isShort ? { ...execution, metadata: {} } : execution);
          },
        ),
    }),
  },
  "limits/waiting": {
    fault: "cuts a reason that is too long",
    takesWrongArguments: true,
    wrap: (store) =>
      mending(store, (request) => {
        const [node] = request?.head?.waiting ?? [];
        if (node?.reason?.length !== 201) return request;
        return { ...request, head: { waiting: [{ ...node, reason: node.reason.slice(1) }] } };
      }),
  },
};
