import { useCallback, useEffect, useRef, useState } from "react";
import { resultOf } from "../answer.ts";
import { api, type RecordRow } from "../api-client.ts";

/** The records of an execution that are loaded, newest first. */
export interface LoadedRecords {
  records: readonly RecordRow[];
  isLoading: boolean;
  hasOlder: boolean;
  error: Error | undefined;
  loadOlder: () => void;
  /** Reads the records that were written since. */
  loadNewer: () => void;
}

/**
 * Loads the newest records first, and older ones when they are asked for. New ones are put in front; what is loaded is
 * never read again, for a record does not change.
 */
export function useRecords(id: string): LoadedRecords {
  const [records, setRecords] = useState<readonly RecordRow[]>([]);
  const [nextBefore, setNextBefore] = useState<number>();
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<Error>();
  /** What is loaded, also before it is rendered. */
  const loaded = useRef(records);
  const isBusy = useRef(false);
  /** Something has changed while records were being read. */
  const isStale = useRef(false);

  const run = useCallback(async (work: () => Promise<void>) => {
    isBusy.current = true;
    setLoading(true);
    try {
      await work();
      setError(undefined);
    } catch (problem) {
      setError(problem as Error);
    } finally {
      isBusy.current = false;
      setLoading(false);
    }
  }, []);

  const loadNewer = useCallback(() => {
    isStale.current = true;
    if (isBusy.current) return;
    void run(async () => {
      while (isStale.current) {
        isStale.current = false;
        const newest = loaded.current[0]?.seq ?? -1;
        const { found, nextBefore: before } = await readSince(id, newest);
        if (newest === -1) setNextBefore(before);
        loaded.current = [...found, ...loaded.current];
        setRecords(loaded.current);
      }
    });
  }, [id, run]);

  const loadOlder = useCallback(() => {
    if (nextBefore === undefined || isBusy.current) return;
    void run(async () => {
      const page = await read(id, nextBefore);
      loaded.current = [...loaded.current, ...page.items];
      setRecords(loaded.current);
      setNextBefore(page.nextBefore);
    }).then(() => isStale.current && loadNewer());
  }, [id, nextBefore, run, loadNewer]);

  useEffect(() => loadNewer(), [loadNewer]);
  return { records, isLoading, hasOlder: nextBefore !== undefined, error, loadOlder, loadNewer };
}

/** Reads the records that are newer than a number; the newest page of all if nothing is known yet. */
async function readSince(id: string, newest: number): Promise<{ found: RecordRow[]; nextBefore: number | undefined }> {
  const found: RecordRow[] = [];
  for (let before: number | undefined; ; ) {
    const page = await read(id, before, newest === -1 ? undefined : newest);
    const fresh = page.items.filter(({ seq }) => seq > newest);
    found.push(...fresh);
    const oldest = page.items.at(-1)?.seq ?? 0;
    const isAll = newest === -1 || oldest <= newest + 1 || page.nextBefore === undefined;
    if (isAll) return { found, nextBefore: page.nextBefore };
    before = page.nextBefore;
  }
}

function read(id: string, before: number | undefined, after?: number) {
  const range = {
    ...(before !== undefined && { before: `${before}` }),
    ...(after !== undefined && { after: `${after}` }),
  };
  return resultOf(api.records.$get({ query: { id, ...range } }));
}
