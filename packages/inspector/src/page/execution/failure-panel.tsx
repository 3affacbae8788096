import type { Failure } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Verbatim, visible } from "../parts/verbatim.tsx";

/** The names of the graph's nodes, by their ids. */
export type Names = ReadonlyMap<string, string>;

/** An error with its causes. */
interface Fault {
  name?: string | undefined;
  code?: string | undefined;
  message: string;
  stack?: string | undefined;
  cause?: Fault | undefined;
  errors?: Fault[] | undefined;
}

/** Why a node has failed: the message, the stack and the causes. */
export function FailurePanel({ failure, title, names }: { failure: Failure; title: string; names: Names }) {
  const { nodeId, nodeName, attempts } = failure;
  return (
    <section className="failure" aria-label={title}>
      <div className="card-head">
        <h2>
          <Icon name="warn" /> {title}
          {nodeId !== undefined && (
            <>
              {" in "}
              <Verbatim text={names.get(nodeId) ?? nodeName ?? nodeId} className="node-name" />
            </>
          )}
        </h2>
        <CopyButton name="the error as JSON" text={() => JSON.stringify(failure, undefined, 2)} />
      </div>
      {attempts !== undefined && attempts > 1 && <p className="quiet">after {attempts} attempts</p>}
      <FaultDetails fault={failure as Fault} />
    </section>
  );
}

function FaultDetails({ fault }: { fault: Fault }) {
  const { name, code, message, stack, cause, errors } = fault;
  return (
    <div className="fault">
      <p className="message">
        {name !== undefined && (
          <strong>
            <Verbatim text={name} />:{" "}
          </strong>
        )}
        <Verbatim text={message} />
        {code !== undefined && <code className="code">{visible(code)}</code>}
      </p>
      {stack !== undefined && (
        <details>
          <summary>Stack</summary>
          <pre className="scroll">{visible(stack)}</pre>
        </details>
      )}
      {cause !== undefined && (
        <div className="cause">
          <span className="quiet">caused by</span>
          <FaultDetails fault={cause} />
        </div>
      )}
      {errors?.map((each, index) => (
        <div className="cause" key={index}>
          <FaultDetails fault={each} />
        </div>
      ))}
    </div>
  );
}
