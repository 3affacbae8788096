import { quoted, type WorkflowError } from "@waymark/core";
import { type HeadDocument, NOW } from "./documents.ts";
import type { Call } from "./session.ts";
import { unavailable } from "./translate-error.ts";

/** Reads a head with its tail, and the server's clock. */
export async function readHead(call: Call, collection: string, id: string): Promise<HeadDocument | undefined> {
  const matching = async (filter: { _id: string; executionId?: string }) => {
    const stages = [{ $match: filter }, { $limit: 1 }, { $set: { now: NOW } }];
    return (await call.aggregate<HeadDocument>(collection, stages))[0];
  };
  // By the shard key one shard is asked. A head that lost it is still a head: the id is not free.
  return (await matching({ _id: id, executionId: id })) ?? (await matching({ _id: id }));
}

/** The error if others change an execution faster than this call can follow. */
export function keepsChanging(id: string): WorkflowError {
  return unavailable("conflict", `Execution ${quoted(id)} changed each time it was looked at.`, { executionId: id });
}
