import type { ExecutionInfo } from "../api-client.ts";
import { visible } from "../parts/verbatim.tsx";

export type DefinitionName = "original" | "current";

interface DefinitionChoiceProps {
  definition: ExecutionInfo["definition"];
  chosen: DefinitionName;
  onChoose: (name: DefinitionName) => void;
}

/** Lets a person choose between the mended definition and the original one, and says what has changed. */
export function DefinitionChoice({ definition, chosen, onChoose }: DefinitionChoiceProps) {
  if (!definition.isChanged || definition.graph === undefined) return null;
  return (
    <fieldset className="choice">
      <legend>Definition</legend>
      <label>
        <input type="radio" name="definition" checked={chosen === "current"} onChange={() => onChoose("current")} />
        the one that the application has now
      </label>
      <Changes definition={definition} />
      <label>
        <input type="radio" name="definition" checked={chosen === "original"} onChange={() => onChoose("original")} />
        the one that the execution began with
      </label>
    </fieldset>
  );
}

function Changes({ definition }: Pick<DefinitionChoiceProps, "definition">) {
  const { changes } = definition;
  if (changes === undefined) return null;
  const { added, removed, changed, edges } = changes;
  const lines: [string, string[]][] = [
    ["new nodes", added],
    ["removed nodes", removed],
    ["changed nodes", changed],
    ["edges", edges],
  ];
  const present = lines.filter(([, ids]) => ids.length > 0);
  if (present.length === 0) return <p className="quiet changes">Only the order or the name has changed.</p>;
  return (
    <dl className="changes">
      {present.map(([name, ids]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{visible(ids.join(", "))}</dd>
        </div>
      ))}
    </dl>
  );
}
