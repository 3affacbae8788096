import type { ExecutionRecord } from "@waymark/core";
import { gap, type Mutants, overlay, refusal } from "./mutant.ts";

let opening = 0;

export const durabilityMutants: Mutants = {
  "durability/capabilities": {
    fault: "declares another limit from the second handle on",
    wrap: (store, { notes }) => {
      notes.set("handles", Number(notes.get("handles") ?? 0) + 1);
      return notes.get("handles") === 1
        ? {}
        : { capabilities: { ...store.capabilities, durable: true, multiProcess: true, maxPayloadBytes: 1 } };
    },
  },
  "durability/other-handle": {
    fault: "keeps returning a head that it has read after another handle has deleted it",
    wrap: (store) => {
      const seen = new Map<string, ExecutionRecord>();
      const deleted = new Set<string>();
      return {
        getExecution: async (id) => {
          const head = await store.getExecution(id);
          if (head !== undefined) seen.set(id, head);
          return head ?? (deleted.has(id) ? undefined : seen.get(id));
        },
        deleteExecutions: (refs) => {
          for (const { id } of refs) deleted.add(id);
          return store.deleteExecutions(refs);
        },
      };
    },
  },
  "durability/reopened": {
    fault: "loses the executions that it created when it is closed",
    wrap: (store) => {
      const created: string[] = [];
      return {
        createExecution: (execution) => {
          created.push(execution.id);
          return store.createExecution(execution);
        },
        close: async () => {
          for (const id of created.splice(0)) {
            const head = await store.getExecution(id);
            if (head !== undefined) await store.deleteExecutions([head]);
          }
          await store.close();
        },
      };
    },
  },
  "setup/ten-at-once": {
    fault: "fails to set up while four others do",
    open: async (open) => {
      let busy = 0;
      const opened = await open();
      const reopen = async () => {
        busy += 1;
        const isTooMany = busy > 4;
        await gap();
        busy -= 1;
        if (isTooMany) throw refusal("STORE_UNAVAILABLE");
        return opened.reopen();
      };
      return { ...opened, reopen };
    },
  },
  "setup/fresh": {
    fault: "fails to create its tables while another does",
    open: async (open) => {
      opening += 1;
      const isTooMany = opening > 1;
      await gap();
      opening -= 1;
      const opened = await open();
      const createExecution = () => Promise.reject(refusal("STORE_UNAVAILABLE"));
      return isTooMany ? { ...opened, store: overlay(opened.store, { createExecution }) } : opened;
    },
  },
};
