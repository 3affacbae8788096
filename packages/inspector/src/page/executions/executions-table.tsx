import type { ExecutionRow } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { StateBadge } from "../parts/state-badge.tsx";
import { Verbatim, visible } from "../parts/verbatim.tsx";
import { executionHref, Link } from "../router.tsx";
import { stateOf } from "../state-of.ts";
import { duration, relative, useNow, zonedTime } from "../time.ts";

/** The executions of a page, each with its state, and with the node and the error if it has failed. */
export function ExecutionsTable({ items, fetchedAt }: { items: readonly ExecutionRow[]; fetchedAt: number }) {
  const passed = useNow() - fetchedAt;
  return (
    <table className="executions">
      <caption className="sr-only">Executions, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Execution</th>
          <th scope="col">What happens</th>
          <th scope="col">Steps</th>
          <th scope="col">Created</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={item.id} item={item} storeNow={Date.parse(item.readAt) + passed} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ item, storeNow }: { item: ExecutionRow; storeNow: number }) {
  const { detail } = stateOf(item, storeNow);
  const end = item.endedAt === undefined ? storeNow : Date.parse(item.endedAt);
  return (
    <tr>
      <td>
        <StateBadge execution={item} storeNow={storeNow} />
      </td>
      <td className="who">
        <Link href={executionHref(item.id)} className="row-link">
          <Verbatim text={item.id} className="id" />
        </Link>
        <span className="quiet">
          <Verbatim text={item.workflowId} /> · <Verbatim text={item.userId} />
          {item.forkedFromId !== undefined && (
            <span className="fork-mark" title={`A fork of ${visible(item.forkedFromId)}`}>
              <Icon name="fork" size={12} /> fork
            </span>
          )}
        </span>
      </td>
      <td className="what">
        {item.failure?.nodeId !== undefined && item.status !== "completed" && (
          <Verbatim text={item.failure.nodeName ?? item.failure.nodeId} className="node-name" />
        )}
        <Verbatim text={detail ?? ""} className={item.status === "failed" ? "bad-text" : undefined} />
      </td>
      <td className="steps">
        <Steps done={item.currentStep} of={item.totalSteps} />
      </td>
      <td className="quiet" title={zonedTime(item.createdAt)}>
        {relative(Date.parse(item.createdAt), storeNow)}
      </td>
      <td className="quiet">{item.endedAt === undefined ? "" : duration(end - Date.parse(item.createdAt))}</td>
    </tr>
  );
}

/** The steps that are done, as numbers and as a bar. */
export function Steps({ done, of }: { done: number; of: number }) {
  return (
    <span className="progress">
      <progress max={Math.max(1, of)} value={Math.min(done, of)} aria-label="Steps done" />
      {done}/{of}
    </span>
  );
}
