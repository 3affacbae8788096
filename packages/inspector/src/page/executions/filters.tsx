import { type FormEvent, useState } from "react";
import { Icon } from "../icon.tsx";
import { Verbatim } from "../parts/verbatim.tsx";
import type { ListFilters } from "../queries.ts";
import { executionHref, navigate } from "../router.tsx";

const STATUSES = ["running", "pending", "suspended", "failed", "completed", "cancelled"];

/** The filters that a store has. A change is a new address, so going back takes it back. */
export function Filters({ filters, onChange }: { filters: ListFilters; onChange: (next: ListFilters) => void }) {
  const chosen = new Set(filters.status?.split(",") ?? []);
  const toggle = (status: string) => {
    const next = new Set(chosen);
    if (!next.delete(status)) next.add(status);
    onChange({ status: STATUSES.filter((each) => next.has(each)).join(",") });
  };
  return (
    <search className="filters">
      <fieldset className="segments">
        <legend className="sr-only">Status</legend>
        <button
          type="button"
          className="segment"
          aria-pressed={chosen.size === 0}
          onClick={() => onChange({ status: "" })}
        >
          All
        </button>
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            className={`segment ${status}`}
            aria-pressed={chosen.has(status)}
            onClick={() => toggle(status)}
          >
            {capital(status)}
          </button>
        ))}
      </fieldset>
      <div className="fields">
        <TextFilter name="Workflow" value={filters.workflowId} onChange={(workflowId) => onChange({ workflowId })} />
        <TextFilter name="User" value={filters.userId} onChange={(userId) => onChange({ userId })} />
        <TimeFilter
          name="Created after"
          value={filters.createdAfter}
          onChange={(createdAfter) => onChange({ createdAfter })}
        />
        <TimeFilter
          name="Created before"
          value={filters.createdBefore}
          onChange={(createdBefore) => onChange({ createdBefore })}
        />
        <TimeFilter name="Ended after" value={filters.endedAfter} onChange={(endedAfter) => onChange({ endedAfter })} />
        <OpenById />
      </div>
      {filters.parentId !== undefined && (
        <button type="button" className="chip removable" onClick={() => onChange({ parentId: "" })}>
          started by <Verbatim text={filters.parentId} /> <Icon name="cross" size={12} />
        </button>
      )}
    </search>
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function TextFilter(props: { name: string; value: string | undefined; onChange: (value: string) => void }) {
  const { name, value = "", onChange } = props;
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const apply = () => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <label className="field">
      <span>{name}</span>
      <input
        type="text"
        value={text}
        placeholder="any"
        maxLength={512}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => event.key === "Enter" && apply()}
      />
    </label>
  );
}

function TimeFilter(props: { name: string; value: string | undefined; onChange: (value: string) => void }) {
  const { name, value, onChange } = props;
  return (
    <label className="field">
      <span>{name}</span>
      <input
        type="datetime-local"
        value={value === undefined ? "" : localText(value)}
        onChange={(event) => {
          const time = new Date(event.target.value);
          onChange(Number.isNaN(time.getTime()) ? "" : time.toISOString());
        }}
      />
    </label>
  );
}

/** A time in the form that the browser's field takes, in the viewer's zone. */
function localText(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function OpenById() {
  const [id, setId] = useState("");
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (id !== "") navigate(executionHref(id));
  };
  return (
    <form className="field-form" onSubmit={open}>
      <label className="field">
        <span>Execution id</span>
        <input
          type="text"
          value={id}
          placeholder="open by id"
          maxLength={512}
          spellCheck={false}
          onChange={(event) => setId(event.target.value)}
        />
      </label>
    </form>
  );
}
