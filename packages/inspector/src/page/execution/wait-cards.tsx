import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { resultOf } from "../answer.ts";
import { api, proof, type Wait } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { Verbatim } from "../parts/verbatim.tsx";
import { sessionQuery } from "../queries.ts";
import { fullTime, relative, useNow, zonedTime } from "../time.ts";
import { jsonProblem } from "./edited-json.ts";
import { useAction } from "./use-action.ts";
import { ValueTree } from "./value-tree.tsx";

/** The questions of an execution, each with what the node shows to those who answer. */
export function WaitCards({ id, waiting }: { id: string; waiting: readonly Wait[] }) {
  return (
    <div className="waits">
      {waiting.map((wait) => (
        <WaitCard key={`${wait.nodeId} ${wait.visit} ${wait.since}`} id={id} wait={wait} />
      ))}
    </div>
  );
}

function WaitCard({ id, wait }: { id: string; wait: Wait }) {
  const now = useNow();
  const { data: session } = useQuery(sessionQuery);
  return (
    <section className="question" aria-label={`Question of ${wait.nodeName}`}>
      <h3>
        <Icon name="clock" /> <Verbatim text={wait.nodeName} />
        {wait.reason !== undefined && (
          <span className="reason">
            <Verbatim text={wait.reason} />
          </span>
        )}
      </h3>
      <p className="quiet">
        <span title={zonedTime(wait.since)}>since {fullTime(wait.since)}</span>
        {wait.until !== undefined && (
          <span title={zonedTime(wait.until)}> · runs without an answer {relative(Date.parse(wait.until), now)}</span>
        )}
        {wait.visit > 1 && <span> · visit {wait.visit}</span>}
      </p>
      {wait.payload !== undefined && (
        <div className="payload">
          <ValueTree value={wait.payload} label="Payload" />
        </div>
      )}
      {session?.actions === true && wait.canAnswer && <AnswerForm id={id} wait={wait} />}
    </section>
  );
}

function AnswerForm({ id, wait }: { id: string; wait: Wait }) {
  const [text, setText] = useState('{ "approved": true }');
  const { isBusy, error, run } = useAction();
  const fieldId = useId();
  const problem = jsonProblem(text);
  const send = (data: string) => {
    const { nodeId, visit, since } = wait;
    void run(
      async () => resultOf(api.answer.$post({ json: { id, nodeId, visit, since, data } }, await proof())),
      `Answered ${wait.nodeName}. The execution is due.`,
    );
  };
  return (
    <form
      className="answer"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) send(text);
      }}
    >
      <label htmlFor={fieldId}>Answer, as JSON</label>
      <textarea
        id={fieldId}
        rows={3}
        value={text}
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${fieldId}-problem`}
        onChange={(event) => setText(event.target.value)}
      />
      <p id={`${fieldId}-problem`} className="problem" role="status">
        {problem ?? error?.message ?? ""}
      </p>
      <div className="row">
        <button type="submit" className="button primary" disabled={isBusy || problem !== undefined}>
          <Icon name="check" /> Send the answer
        </button>
        <span className="quiet">or just</span>
        <button type="button" className="button" disabled={isBusy} onClick={() => send("true")}>
          true
        </button>
        <button type="button" className="button" disabled={isBusy} onClick={() => send("false")}>
          false
        </button>
      </div>
    </form>
  );
}
