import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { resultOf } from "../answer.ts";
import { api, type ExecutionInfo, proof } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { visible } from "../parts/verbatim.tsx";
import { changeQuery } from "../queries.ts";
import { executionHref, navigate } from "../router.tsx";
import { DefinitionChoice, type DefinitionName } from "./definition-choice.tsx";
import { jsonObjectProblem } from "./edited-json.ts";
import { useAction } from "./use-action.ts";

/** Makes a new execution that begins before a node, with the input that it had or an edited one. */
export function ForkDialog(props: {
  id: string;
  seq: number;
  definition: ExecutionInfo["definition"];
  onClose: () => void;
}) {
  const { id, seq, definition, onClose } = props;
  const { data, error } = useQuery(changeQuery(id, seq));
  const name = data === undefined ? "" : data.before === undefined ? "the start" : data.record.nodeName;
  return (
    <Dialog title={name === "" ? "Fork" : `Fork before ${visible(name)}`} onClose={onClose} wide>
      {error !== null && <Notice kind="error" title="This step cannot be read" text={error.message} />}
      {error === null && data === undefined && <Skeleton rows={4} />}
      {data !== undefined && (
        <ForkForm id={id} seq={seq} definition={definition} input={data.before ?? data.after} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface ForkFormProps {
  id: string;
  seq: number;
  definition: ExecutionInfo["definition"];
  input: unknown;
  onClose: () => void;
}

function ForkForm({ id, seq, definition, input, onClose }: ForkFormProps) {
  const original = JSON.stringify(input, undefined, 2);
  const [text, setText] = useState(original);
  const [chosen, setChosen] = useState<DefinitionName>(definition.isChanged ? "current" : "original");
  const { isBusy, error, run } = useAction();
  const fieldId = useId();
  const problem = jsonObjectProblem(text);
  const fork = async () => {
    const edited = text === original ? {} : { context: text };
    const result = await run(
      async () => resultOf(api.fork.$post({ json: { id, seq, definition: chosen, ...edited } }, await proof())),
      "Forked. The new execution is due.",
    );
    if (result === undefined) return;
    onClose();
    navigate(executionHref(result.executionId));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) void fork();
      }}
    >
      <p className="quiet">
        A fork is a new execution. Nodes that ran before this point do not run again; the original stays as it is.
      </p>
      <DefinitionChoice definition={definition} chosen={chosen} onChoose={setChosen} />
      <label htmlFor={fieldId} className="label">
        Input of the node
      </label>
      <textarea
        id={fieldId}
        className="editor"
        rows={14}
        value={text}
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${fieldId}-problem`}
        onChange={(event) => setText(event.target.value)}
      />
      <p className="quiet">
        JSON. Other values are written as <code>{'{"$type": "bigint", "value": "12"}'}</code>.
      </p>
      <p id={`${fieldId}-problem`} className="problem" role="status">
        {problem ?? error?.message ?? ""}
      </p>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        {text !== original && (
          <button type="button" className="button" onClick={() => setText(original)}>
            Undo the edit
          </button>
        )}
        <button type="submit" className="button primary" disabled={isBusy || problem !== undefined}>
          <Icon name="fork" /> Fork
        </button>
      </div>
    </form>
  );
}
