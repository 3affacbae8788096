import { gap, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const versionMutants: Mutants = {
  "versions/stale": {
    fault: "treats version 0 as absent: if (version && version !== head.version)",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "VERSION_CONFLICT",
          () => store.commit(id, request),
          async () => {
            if ((request.checkpoints?.length ?? 0) > 1) throw refusal("VERSION_CONFLICT");
            const version = request.version || (await store.getExecution(id))?.version || 0;
            return store.commit(id, { ...request, version });
          },
        ),
    }),
  },
  "versions/future": {
    fault: "compares version < head.version",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "VERSION_CONFLICT",
          () => store.commit(id, request),
          async () => {
            const version = (await store.getExecution(id))?.version ?? 0;
            return store.commit(id, { ...request, version: Math.min(version, request.version) });
          },
        ),
    }),
  },
  "versions/no-gaps": {
    fault: "writes a seventeenth commit twice",
    wrap: (store) => ({
      commit: async (id, request) => {
        await store.commit(id, request);
        const { checkpoints, token, version, commitId } = request;
        if (checkpoints?.[0]?.payload !== "17") return;
        await store.commit(id, { commitId: `${commitId}+`, token, version: version + 1, checkpoints });
      },
    }),
  },
  "versions/32-writers": {
    fault: "compares the version in one round trip and writes in the next",
    wrap: (store) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        const isLarge = (request.checkpoints?.length ?? 0) > 1;
        if (isLarge || before?.version !== request.version) return store.commit(id, request);
        await gap();
        const now = await store.getExecution(id);
        return store.commit(id, { ...request, version: now?.version ?? 0 });
      },
    }),
  },
  "versions/no-lost-update": {
    fault: "stops comparing versions from version 8 on",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "VERSION_CONFLICT",
          () => store.commit(id, request),
          async () => {
            const version = (await store.getExecution(id))?.version ?? 0;
            if (version < 8 || request.version > version) throw refusal("VERSION_CONFLICT");
            return store.commit(id, { ...request, version });
          },
        ),
    }),
  },
};
