import { useEffect, useRef, useState } from "react";

/** The way in which changes of an execution arrive. */
export type Live = "connecting" | "streaming" | "polling" | "ended";

const FAILURES_BEFORE_POLLING = 3;
const POLL_MS = 3_000;
/** While it polls, it tries again to open a stream after this time, in milliseconds. */
const TRY_AGAIN_MS = 30_000;

/** Milliseconds in which changes are taken together: a fast run has hundreds of them in a second. */
const TOGETHER_MS = 400;

/**
 * Calls back when an execution has changed: by a stream of events, or every few seconds if the platform cuts streams.
 *
 * - A page in the background has no stream, since a browser opens only a few connections to a server.
 * - The stream of an execution that is over has ended. It is opened again once `isOver` is false again: it was resumed.
 */
export function useLive(id: string, isOver: boolean, onChange: () => void): Live {
  const [live, setLive] = useState<Live>("connecting");
  const [resumes, setResumes] = useState(0);
  const wasOver = useRef(isOver);
  useEffect(() => {
    if (wasOver.current && !isOver) setResumes((count) => count + 1);
    wasOver.current = isOver;
  }, [isOver]);
  useEffect(() => {
    let source: EventSource | undefined;
    let poll: ReturnType<typeof setInterval> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let soon: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let hasEnded = false;
    const changed = () => {
      soon ??= setTimeout(() => {
        soon = undefined;
        onChange();
      }, TOGETHER_MS);
    };
    const close = () => {
      source?.close();
      clearInterval(poll);
      clearTimeout(again);
    };
    const startPolling = () => {
      close();
      setLive("polling");
      onChange();
      poll = setInterval(onChange, POLL_MS);
      again = setTimeout(open, TRY_AGAIN_MS);
    };
    const open = () => {
      close();
      failures = 0;
      source = new EventSource(new URL(`api/events?${new URLSearchParams({ id })}`, document.baseURI));
      source.addEventListener("execution", () => {
        failures = 0;
        setLive("streaming");
        changed();
      });
      source.addEventListener("end", () => {
        hasEnded = true;
        close();
        setLive("ended");
        changed();
      });
      source.addEventListener("problem", startPolling);
      source.addEventListener("error", () => {
        failures++;
        // The browser opens the stream again after some seconds. A request tells at once if the server is away.
        changed();
        if (source?.readyState === EventSource.CLOSED || failures >= FAILURES_BEFORE_POLLING) startPolling();
      });
    };
    const onVisibility = () => {
      if (document.hidden) close();
      else if (!hasEnded) open();
    };
    document.addEventListener("visibilitychange", onVisibility);
    if (!document.hidden) open();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(soon);
      close();
    };
  }, [id, resumes, onChange]);
  return live;
}
