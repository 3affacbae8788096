import type { ReactNode } from "react";
import type { ExecutionInfo, ExecutionRow } from "../api-client.ts";
import { Steps } from "../executions/executions-table.tsx";
import { Icon } from "../icon.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { StateBadge } from "../parts/state-badge.tsx";
import { Verbatim, visible } from "../parts/verbatim.tsx";
import { executionHref, hrefOf, Link } from "../router.tsx";
import { stateOf } from "../state-of.ts";
import { duration, fullTime, zonedTime } from "../time.ts";

const LIVE: Record<string, string> = {
  connecting: "connecting",
  streaming: "live",
  polling: "looks every 3 s",
  ended: "not running",
};

interface ExecutionHeadProps {
  execution: ExecutionRow;
  storeNow: number;
  live: string;
  children: ReactNode;
}

/** The name of an execution, its state in words, and its numbers. */
export function ExecutionHead({ execution, storeNow, live, children }: ExecutionHeadProps) {
  const { id, workflowId, userId, status, createdAt, endedAt, metadata, recoveries } = execution;
  const { detail } = stateOf(execution, storeNow);
  const end = endedAt === undefined ? storeNow : Date.parse(endedAt);
  return (
    <div className="execution-head">
      <p className="crumbs">
        <Link href={hrefOf("")}>Executions</Link> <span aria-hidden="true">/</span>{" "}
        <Link href={hrefOf("", { workflowId })}>
          <Verbatim text={workflowId} />
        </Link>
      </p>
      <div className="head-row">
        <h1>
          <Verbatim text={id} className="id" />
        </h1>
        <CopyButton name="the id" text={() => id} />
        <CopyButton name="a link to this page" text={() => window.location.href}>
          Link
        </CopyButton>
        <CopyButton name="the execution as JSON" text={() => JSON.stringify(execution, undefined, 2)}>
          JSON
        </CopyButton>
      </div>
      <div className="head-row">
        <StateBadge execution={execution} storeNow={storeNow} />
        {detail !== undefined && status !== "failed" && (
          <span className="detail" aria-live="polite">
            <Verbatim text={detail} />
          </span>
        )}
        <Steps done={execution.currentStep} of={execution.totalSteps} />
        <span className="quiet" title={zonedTime(createdAt)}>
          {fullTime(createdAt)} · {duration(end - Date.parse(createdAt))}
        </span>
        <Link className="chip" href={hrefOf("", { userId })}>
          user <Verbatim text={userId} />
        </Link>
        {recoveries > 0 && <span className="chip warn">recovered {recoveries}×</span>}
        {execution.deadlineAt !== undefined && endedAt === undefined && (
          <span className="chip" title={zonedTime(execution.deadlineAt)}>
            deadline {fullTime(execution.deadlineAt)}
          </span>
        )}
        <span className={`live ${live}`}>{LIVE[live]}</span>
      </div>
      {metadata !== undefined && Object.keys(metadata).length > 0 && (
        <ul className="metadata" aria-label="Metadata">
          {Object.entries(metadata).map(([key, value]) => (
            <li key={key} className="chip">
              {visible(key)}: {typeof value === "string" ? visible(value) : "redacted"}
            </li>
          ))}
        </ul>
      )}
      {children}
    </div>
  );
}

/** Links to the executions that this one came from, and to those that came from it. */
export function Relatives({ execution, info }: { execution: ExecutionRow; info: ExecutionInfo }) {
  const { forkedFromId, forkedFromSeq, parentId, parentNodeId } = execution;
  const { children, hasMoreChildren, forks, mayHaveMoreForks } = info;
  if (forkedFromId === undefined && parentId === undefined && children.length + forks.length === 0) return null;
  return (
    <section className="relatives" aria-label="Related executions">
      {forkedFromId !== undefined && (
        <p>
          <Icon name="fork" /> Forked from{" "}
          <Link
            href={executionHref(forkedFromId, { seq: forkedFromSeq === undefined ? undefined : String(forkedFromSeq) })}
          >
            <Verbatim text={forkedFromId} className="id" />
          </Link>{" "}
          after record {forkedFromSeq}
        </p>
      )}
      {parentId !== undefined && (
        <p>
          <Icon name="link" /> Started by{" "}
          <Link href={executionHref(parentId)}>
            <Verbatim text={parentId} className="id" />
          </Link>
          {parentNodeId !== undefined && (
            <>
              , node <Verbatim text={parentNodeId} />
            </>
          )}
        </p>
      )}
      {children.map(({ id, status, parentNodeId: nodeId }) => (
        <p key={id}>
          <Icon name="link" /> Started{" "}
          <Link href={executionHref(id)}>
            <Verbatim text={id} className="id" />
          </Link>{" "}
          {nodeId !== undefined && (
            <>
              by node <Verbatim text={nodeId} />
            </>
          )}{" "}
          <span className="quiet">{status}</span>
        </p>
      ))}
      {hasMoreChildren && <Link href={hrefOf("", { parentId: execution.id })}>All that it has started</Link>}
      {forks.map(({ id, status, forkedFromSeq: seq }) => (
        <p key={id}>
          <Icon name="fork" /> Fork{" "}
          <Link href={executionHref(id)}>
            <Verbatim text={id} className="id" />
          </Link>{" "}
          after record {seq} <span className="quiet">{status}</span>
        </p>
      ))}
      {forks.length > 0 && mayHaveMoreForks && (
        <p className="quiet">Forks among the newest executions of the workflow are shown; there may be older ones.</p>
      )}
    </section>
  );
}
