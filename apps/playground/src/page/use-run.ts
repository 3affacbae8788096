import { ApiError, resultOf } from "@waymark/inspector/page/answer.ts";
import { useEffect, useState } from "react";
import { api, type Run } from "./calls.ts";

const TRY_AGAIN_MS = 2_000;

/**
 * Returns the newest state of a run, which a stream of events sends, and whether the server no longer has the run.
 *
 * - If the stream breaks, a request notes whether the server can be reached, every two seconds until it can.
 */
export function useRun(id: string): { run: Run | undefined; isGone: boolean } {
  const [run, setRun] = useState<Run>();
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    let source: EventSource;
    let again: ReturnType<typeof setTimeout>;
    let isClosed = false;
    const open = () => {
      source = new EventSource(new URL(`api/run/events?${new URLSearchParams({ id })}`, document.baseURI));
      source.addEventListener("run", ({ data }: MessageEvent<string>) => setRun(JSON.parse(data) as Run));
      source.addEventListener("end", () => source.close());
      source.addEventListener("problem", () => source.close());
      source.addEventListener("error", () => {
        source.close();
        void look();
      });
    };
    const look = async () => {
      try {
        setRun(await resultOf(api.run.$get({ query: { id } })));
        if (!isClosed) open();
      } catch (error) {
        if (isClosed) return;
        if (error instanceof ApiError && error.status === 404) setGone(true);
        else again = setTimeout(() => void look(), TRY_AGAIN_MS);
      }
    };
    open();
    return () => {
      isClosed = true;
      clearTimeout(again);
      source.close();
    };
  }, [id]);
  return { run, isGone };
}
