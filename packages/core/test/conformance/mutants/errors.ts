import { type Mutants, onRefusal, refusal } from "./mutant.ts";

export const errorMutants: Mutants = {
  "errors/invalid-ids": {
    fault: "does not check the hash of a definition that it looks for",
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
    fault: "takes a limit beyond the highest for the highest",
    takesWrongArguments: true,
    wrap: (store) => ({
      listExecutions: (options) =>
        store.listExecutions(options?.limit === 1_001 ? { ...options, limit: 1_000 } : options),
    }),
  },
  "errors/arguments-first": {
    fault: "looks for the execution before it checks what is to be written",
    takesWrongArguments: true,
    wrap: (store) => ({
      commit: async (id, request) => {
        if ((await store.getExecution(id)) === undefined) throw refusal("EXECUTION_NOT_FOUND");
        return store.commit(id, request);
      },
    }),
  },
  "errors/unknown-names": {
    fault: "takes only what it knows out of the options of a read",
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
    fault: "takes a filter that is undefined for no filter",
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
    fault: "turns names of nodes into text",
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
    fault: "fails with the driver's error where it is closed in mid-call",
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
