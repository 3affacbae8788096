import type { Call } from "./call.ts";
import { type HeadDocument, NOW } from "./documents.ts";

/** Reads a head with its tail, and the server's clock. */
export async function readHead(call: Call, collection: string, id: string): Promise<HeadDocument | undefined> {
  const matching = async (filter: { _id: string; executionId?: string }) => {
    const stages = [{ $match: filter }, { $limit: 1 }, { $set: { now: NOW } }];
    return (await call.aggregate<HeadDocument>(collection, stages))[0];
  };
  // By the shard key one shard is asked. A head that lost it is still a head: the id is not free.
  return (await matching({ _id: id, executionId: id })) ?? (await matching({ _id: id }));
}
