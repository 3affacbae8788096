import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { resultOf } from "../answer.ts";
import { api, type ExecutionInfo, type ExecutionRow, proof } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { sessionQuery } from "../queries.ts";
import { hrefOf, navigate } from "../router.tsx";
import { DefinitionChoice, type DefinitionName } from "./definition-choice.tsx";
import { type Action, useAction } from "./use-action.ts";

type Opened = "resume" | "cancel" | "delete" | undefined;

/** What can be done with an execution in its present state. */
export function Actions(props: {
  execution: ExecutionRow;
  info: ExecutionInfo | undefined;
  /** The store's time, in milliseconds. */
  storeNow: number;
}) {
  const { execution, info, storeNow } = props;
  const [opened, setOpened] = useState<Opened>();
  const { data: session } = useQuery(sessionQuery);
  const action = useAction();
  const { id, status } = execution;
  if (session?.actions !== true) return null;
  const close = () => setOpened(undefined);
  const resume = async (definition: DefinitionName) => {
    const done = await action.run(
      async () => resultOf(api.resume.$post({ json: { id, definition } }, await proof())),
      "Resumed.",
    );
    if (done !== undefined) close();
  };
  const isChanged = info?.definition.isChanged === true && info.definition.graph !== undefined;
  const canResume = session.canRun && (status === "failed" || status === "pending" || isLost(execution, storeNow));
  const isOver = status === "completed" || status === "cancelled";
  return (
    <div className="actions">
      {canResume && (
        <button
          type="button"
          className="button primary"
          disabled={action.isBusy}
          onClick={() => (isChanged ? setOpened("resume") : void resume("original"))}
        >
          <Icon name="play" /> {status === "pending" ? "Run now" : "Resume"}
        </button>
      )}
      {!isOver && (
        <button type="button" className="button" onClick={() => setOpened("cancel")}>
          <Icon name="stop" /> Cancel
        </button>
      )}
      <button type="button" className="button danger" onClick={() => setOpened("delete")}>
        <Icon name="trash" /> Delete
      </button>
      {opened === undefined && action.error !== undefined && (
        <p className="problem" role="alert">
          {action.error.message}
        </p>
      )}
      {opened === "resume" && info !== undefined && (
        <ResumeDialog definition={info.definition} action={action} onResume={resume} onClose={close} />
      )}
      {opened === "cancel" && <CancelDialog id={id} onClose={close} />}
      {opened === "delete" && <DeleteDialog execution={execution} onClose={close} />}
    </div>
  );
}

/** It runs, but its owner is presumed dead. */
function isLost({ status, leaseUntil }: ExecutionRow, storeNow: number): boolean {
  return status === "running" && leaseUntil !== undefined && Date.parse(leaseUntil) <= storeNow;
}

interface ResumeDialogProps {
  definition: ExecutionInfo["definition"];
  action: Action;
  onResume: (definition: DefinitionName) => Promise<void>;
  onClose: () => void;
}

function ResumeDialog({ definition, action, onResume, onClose }: ResumeDialogProps) {
  const [chosen, setChosen] = useState<DefinitionName>("current");
  return (
    <Dialog title="Resume" onClose={onClose}>
      <p className="quiet">Nodes that have completed do not run again.</p>
      <DefinitionChoice definition={definition} chosen={chosen} onChoose={setChosen} />
      <Problem action={action} />
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        <button type="button" className="button primary" disabled={action.isBusy} onClick={() => void onResume(chosen)}>
          <Icon name="play" /> Resume
        </button>
      </div>
    </Dialog>
  );
}

function CancelDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const action = useAction();
  const fieldId = useId();
  const cancel = async () => {
    const given = reason === "" ? {} : { reason };
    const done = await action.run(
      async () => resultOf(api.cancel.$post({ json: { id, ...given } }, await proof())),
      "Cancelled.",
    );
    if (done !== undefined) onClose();
  };
  return (
    <Dialog title="Cancel this execution" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void cancel();
        }}
      >
        <p className="quiet">No further node starts. A cancelled execution can be forked, but not resumed.</p>
        <label htmlFor={fieldId} className="label">
          Reason, if you like
        </label>
        <input
          id={fieldId}
          type="text"
          value={reason}
          maxLength={1000}
          onChange={(event) => setReason(event.target.value)}
        />
        <Problem action={action} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" className="button primary" disabled={action.isBusy}>
            <Icon name="stop" /> Cancel the execution
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ execution, onClose }: { execution: ExecutionRow; onClose: () => void }) {
  const action = useAction();
  const { id, status, checkpointsCount } = execution;
  const remove = async () => {
    const done = await action.run(async () => resultOf(api.delete.$post({ json: { id } }, await proof())), "Deleted.");
    if (done === undefined) return;
    onClose();
    navigate(hrefOf(""));
  };
  return (
    <Dialog title="Delete this execution" onClose={onClose}>
      <p>
        Its {checkpointsCount.toLocaleString()} checkpoints go with it, for good.
        {status === "running" && " It is running: the process that runs it stops."} Forks of it stay.
      </p>
      <Problem action={action} />
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger solid" disabled={action.isBusy} onClick={() => void remove()}>
          <Icon name="trash" /> Delete
        </button>
      </div>
    </Dialog>
  );
}

function Problem({ action }: { action: Action }) {
  return (
    <p className="problem" role="status">
      {action.error?.message ?? ""}
    </p>
  );
}
