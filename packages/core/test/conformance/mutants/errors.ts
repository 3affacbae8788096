import { type Mutants, onRefusal, refusal } from "./mutant.ts";

export const errorMutants: Mutants = {
  "errors/invalid-ids": {
    fault: "does not check the hash in getDefinition",
    takesWrongArguments: true,
    wrap: (store) => ({
      getDefinition: (hash) =>
        onRefusal(
          "INVALID_ARGUMENT",
          () => store.getDefinition(hash),
          () => undefined,
        ),
    }),
  },
  "errors/invalid-arguments": {
    fault: "treats a limit above the maximum as the maximum",
    takesWrongArguments: true,
    wrap: (store) => ({
      listExecutions: (options) =>
        store.listExecutions(options?.limit === 1_001 ? { ...options, limit: 1_000 } : options),
    }),
  },
  "errors/arguments-first": {
    fault: "reads the execution before it checks the arguments",
    takesWrongArguments: true,
    wrap: (store) => ({
      commit: async (id, request) => {
        if ((await store.getExecution(id)) === undefined) throw refusal("EXECUTION_NOT_FOUND");
        return store.commit(id, request);
      },
    }),
  },
  "errors/unknown-names": {
    fault: "ignores unknown options of a read",
    takesWrongArguments: true,
    wrap: (store) => ({
      readCheckpoints: (id, options = {}) => {
        if (!Object.hasOwn(options, "another")) return store.readCheckpoints(id, options);
        const { from = 0, to = 9, limit = 9, order = "asc" } = options;
        return store.readCheckpoints(id, { from, to, limit, order });
      },
    }),
  },
  "errors/vanished-filters": {
    fault: "treats a filter that is undefined as absent",
    takesWrongArguments: true,
    wrap: (store) => ({
      listExecutions: (options) =>
        store.listExecutions(
          options && Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
        ),
    }),
  },
  "errors/late-times": {
    fault: "cuts a wakeAt that is too late",
    takesWrongArguments: true,
    wrap: (store) => ({
      createExecution: (execution) =>
        store.createExecution(Number(execution?.wakeAt) > 8.64e15 ? { ...execution, wakeAt: 8.64e15 } : execution),
    }),
  },
  "errors/odd-types": {
    fault: "converts node names to text",
    takesWrongArguments: true,
    wrap: (store) => ({
      commit: (id, request) => {
        const checkpoints = Object.getOwnPropertyDescriptor(request ?? {}, "checkpoints")?.value;
        if (typeof checkpoints?.[0]?.nodeName !== "bigint") return store.commit(id, request);
        const named = { ...checkpoints[0], nodeName: String(checkpoints[0].nodeName) };
        return store.commit(id, { ...request, checkpoints: [named] });
      },
    }),
  },
  "errors/close": {
    fault: "fails with the driver's error once it is closed",
    takesWrongArguments: true,
    wrap: (store) => {
      let isClosed = false;
      return {
        getExecution: async (id) => {
          if (isClosed) throw new TypeError("Cannot read properties of undefined (reading 'query')");
          return store.getExecution(id);
        },
        close: async () => {
          isClosed = true;
          await store.close();
        },
      };
    },
  },
  "errors/close-in-flight": {
    fault: "fails with the driver's error if it is closed during a call",
    takesWrongArguments: true,
    wrap: (store) => {
      let isClosed = false;
      return {
        readCheckpoints: async (id, options) => {
          const records = await store.readCheckpoints(id, options);
          await null;
          if (isClosed) throw new Error("Connection terminated");
          return records;
        },
        close: async () => {
          isClosed = true;
          await store.close();
        },
      };
    },
  },
};
