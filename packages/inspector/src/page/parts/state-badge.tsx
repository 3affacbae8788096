import { Icon, type IconName } from "../icon.tsx";
import { type State, type StateFields, stateOf } from "../state-of.ts";

const ICONS: Record<State["tone"], IconName> = {
  good: "check",
  bad: "cross",
  busy: "play",
  wait: "clock",
  warn: "warn",
  quiet: "stop",
};

/** A word for the state of an execution, with a colour and a picture. */
export function StateBadge({ execution, storeNow }: { execution: StateFields; storeNow: number }) {
  const { label, tone } = stateOf(execution, storeNow);
  return (
    <span className={`badge ${tone}`}>
      <Icon name={ICONS[tone]} size={13} />
      {label}
    </span>
  );
}
