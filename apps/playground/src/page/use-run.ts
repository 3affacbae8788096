import { useEffect, useState } from "react";
import type { Run } from "./calls.ts";

/** Returns the newest state of a run: a stream of events sends it. The browser opens a broken stream again. */
export function useRun(id: string): Run | undefined {
  const [run, setRun] = useState<Run>();
  useEffect(() => {
    const source = new EventSource(new URL(`api/run/events?${new URLSearchParams({ id })}`, document.baseURI));
    source.addEventListener("run", ({ data }: MessageEvent<string>) => setRun(JSON.parse(data) as Run));
    source.addEventListener("end", () => source.close());
    source.addEventListener("problem", () => source.close());
    return () => source.close();
  }, [id]);
  return run;
}
