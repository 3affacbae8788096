import type { ReactNode } from "react";
import { Icon, type IconName } from "../icon.tsx";

const ICONS: Record<string, IconName> = { error: "warn", empty: "list", done: "check" };

/** What a page shows if it has nothing else: an error, or that there is nothing. */
export function Notice(props: {
  kind: "error" | "empty" | "done";
  title: string;
  text?: string | undefined;
  children?: ReactNode;
}) {
  const { kind, title, text, children } = props;
  return (
    <div className={`empty ${kind}`} role={kind === "error" ? "alert" : undefined}>
      <Icon name={ICONS[kind] ?? "list"} size={28} />
      <h2>{title}</h2>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  );
}

/** Grey bars in the place of what is being loaded. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} className="bar" />
      ))}
    </div>
  );
}
