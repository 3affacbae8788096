import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { checkId, checkName } from "../store/checks.ts";
import { isWorkflowStatus, STATUSES } from "../store/status.ts";
import { listed, quoted } from "../text.ts";
import { shapeOf } from "./live-values.ts";

/** Checks the names of a node in a checkpoint. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkNode(nodeId: unknown, nodeName: unknown): void {
  checkId(nodeId, "nodeId");
  if (nodeName !== undefined) checkName(nodeName, "nodeName");
}

/** Checks a context that a member of WorkflowState takes. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkContext(value: unknown, method: string): void {
  if (typeof value === "object" && value !== null && shapeOf(value, []) === "plain") return;
  throw new WorkflowError("INVALID_ARGUMENT", `${method}: the context ${mustBe("a plain object", value)}.`);
}

/** Checks a status that a member of WorkflowState takes. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStatus(status: unknown, method: string): void {
  if (isWorkflowStatus(status)) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `${method}: ${quoted(status, 40)} is no status; the statuses are ${listed([...STATUSES])}.`,
  );
}

/** Checks the user that a member names, if the class is bound to one. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkUser(member: string, userId: unknown, boundUserId: string | undefined): void {
  if (boundUserId === undefined || userId === boundUserId) return;
  const message = `WorkflowState.${member}: userId: must be the one that forUser was called with.`;
  throw new WorkflowError("INVALID_ARGUMENT", message);
}
