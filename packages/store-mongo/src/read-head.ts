import { WorkflowError } from "@waymark/core";
import { type HeadDocument, NOW } from "./documents.ts";
import type { Call } from "./session.ts";

/** Reads a head with its tail, and the server's clock. */
export async function readHead(call: Call, collection: string, id: string): Promise<HeadDocument | undefined> {
  const [head] = await call.aggregate<HeadDocument>(collection, [
    { $match: { _id: id, executionId: id } },
    { $limit: 1 },
    { $set: { now: NOW } },
  ]);
  return head;
}

export function keepsChanging(id: string): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", `Execution "${id}" changed each time it was looked at.`, {
    executionId: id,
    details: { reason: "conflict" },
  });
}
