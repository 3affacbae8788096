import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { Icon, type IconName } from "../icon.tsx";
import { visible } from "../parts/verbatim.tsx";
import { clockTime, duration } from "../time.ts";
import { rangeOf, type Span } from "./spans.ts";

const ROW_PX = 40;
const ICONS: Record<Span["kind"], IconName> = {
  start: "play",
  node: "check",
  error: "cross",
  wait: "clock",
  answer: "inbox",
  crash: "warn",
  save: "save",
};
const WORDS: Record<Span["kind"], string> = {
  start: "start",
  node: "completed",
  error: "failed",
  wait: "wait",
  answer: "answer",
  crash: "crash",
  save: "save",
};

interface TimelineProps {
  spans: readonly Span[];
  selected: number | undefined;
  onSelect: (seq: number) => void;
  hasOlder: boolean;
  isLoading: boolean;
  loadOlder: () => void;
}

/** The waterfall: the records of an execution, newest first, each with a bar over the time that it took. */
export function Timeline({ spans, selected, onSelect, hasOlder, isLoading, loadOlder }: TimelineProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const range = useMemo(() => rangeOf(spans), [spans]);
  const rows = useVirtualizer({
    count: spans.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const index = spans.findIndex(({ seq }) => seq === selected);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (
      hasOlder &&
      !isLoading &&
      last >= spans.length - 20 &&
      scroller.current !== null &&
      scroller.current.scrollTop > 0
    ) {
      loadOlder();
    }
  }, [hasOlder, isLoading, last, spans.length, loadOlder]);
  const go = (to: number) => {
    const span = spans[Math.max(0, Math.min(spans.length - 1, to))];
    if (span === undefined) return;
    onSelect(span.seq);
    rows.scrollToIndex(spans.indexOf(span));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: spans.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  return (
    <div className="timeline">
      <div
        ref={scroller}
        className="scroller"
        role="listbox"
        tabIndex={0}
        aria-label="Steps, the newest first"
        aria-activedescendant={index === -1 ? undefined : `step-${selected}`}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {items.map(({ index: at, start }) => {
            const span = spans[at];
            return span === undefined ? null : (
              <Row
                key={span.seq}
                span={span}
                range={range}
                top={start}
                isSelected={span.seq === selected}
                position={at + 1}
                onSelect={onSelect}
              />
            );
          })}
        </div>
      </div>
      <div className="row foot quiet">
        <span>
          {spans.length.toLocaleString()} shown{isLoading ? ", loading" : ""}
        </span>
        {hasOlder && (
          <button type="button" className="button small" disabled={isLoading} onClick={loadOlder}>
            Older steps
          </button>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  span: Span;
  range: { fromMs: number; toMs: number };
  top: number;
  isSelected: boolean;
  position: number;
  onSelect: (seq: number) => void;
}

function Row({ span, range, top, isSelected, position, onSelect }: RowProps) {
  const { seq, kind, title, note, fromMs, toMs } = span;
  const whole = range.toMs - range.fromMs;
  const left = (100 * (fromMs - range.fromMs)) / whole;
  const width = (100 * (toMs - fromMs)) / whole;
  const took = toMs > fromMs ? duration(toMs - fromMs) : "";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keyboard's focus, and handles its keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the list names its active option.
    <div
      id={`step-${seq}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={position}
      aria-setsize={-1}
      className={`span-row ${kind}`}
      style={{ transform: `translateY(${top}px)`, height: ROW_PX }}
      onClick={() => onSelect(seq)}
      title={`${clockTime(new Date(toMs).toISOString())}${note === undefined ? "" : ` · ${visible(note)}`}`}
    >
      <span className="seq">{seq}</span>
      <span className={`mark ${kind}`}>
        <Icon name={ICONS[kind]} size={12} />
        <span className="sr-only">{WORDS[kind]}</span>
      </span>
      <span className="title">
        <bdi>{visible(title)}</bdi>
        {note !== undefined && <span className="note">{visible(note)}</span>}
      </span>
      <span className="lane" aria-hidden="true">
        <span
          className={`span-bar ${kind}`}
          style={{ left: `${Math.min(99, left)}%`, width: `${Math.max(0.6, width)}%` }}
        />
      </span>
      <span className="took">{took}</span>
    </div>
  );
}
