import { useSyncExternalStore } from "react";
import { Icon } from "../icon.tsx";
import { Verbatim } from "./verbatim.tsx";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
}

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says at the edge of the page what an action has done. */
export function say(text: string, tone: Toast["tone"] = "good"): void {
  const toast = { id: nextId++, text, tone };
  change([...toasts.slice(-2), toast]);
  setTimeout(() => change(toasts.filter(({ id }) => id !== toast.id)), SHOWN_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, tone }) => (
        <div key={id} className={`toast ${tone}`}>
          <Icon name={tone === "good" ? "check" : "warn"} /> <Verbatim text={text} />
        </div>
      ))}
    </div>
  );
}
