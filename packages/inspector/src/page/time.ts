import { useEffect, useState } from "react";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of time for people: "40 s", "2 min 5 s", "3 h 10 min". */
export function duration(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 1) return "0 ms";
  if (positive < SECOND) return `${Math.round(positive)} ms`;
  if (positive < 10 * SECOND) return `${(positive / SECOND).toFixed(1)} s`;
  if (positive < MINUTE) return `${Math.floor(positive / SECOND)} s`;
  if (positive < HOUR) return pair(positive, MINUTE, "min", SECOND, "s");
  if (positive < DAY) return pair(positive, HOUR, "h", MINUTE, "min");
  return pair(positive, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** "5 s ago", "in 2 min". */
export function relative(ms: number, now: number): string {
  const distance = now - ms;
  if (Math.abs(distance) < SECOND) return "now";
  return distance > 0 ? `${coarse(distance)} ago` : `in ${coarse(-distance)}`;
}

function coarse(ms: number): string {
  return ms < 10 * SECOND ? `${Math.floor(ms / SECOND)} s` : duration(ms);
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A time in the zone of the viewer. */
export function fullTime(iso: string): string {
  return full.format(new Date(iso));
}

/** A time with the name of the viewer's zone. */
export function zonedTime(iso: string): string {
  return zoned.format(new Date(iso));
}

export function clockTime(iso: string): string {
  return clock.format(new Date(iso));
}

/** The time now, again every second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return now;
}
