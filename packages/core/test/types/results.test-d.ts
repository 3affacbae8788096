import type { ExecuteWorkflowResult, FailureRecord, WaitingFor, WorkflowStatus } from "../../src/index.ts";
import { same } from "./same.ts";

interface Order {
  total: number;
}

declare const result: ExecuteWorkflowResult<Order>;

// Properties of all members can be read before narrowing.
same<typeof result.success, boolean>(true);
same<typeof result.status, "completed" | "failed" | "pending" | "suspended" | "cancelled" | "lost">(true);
same<typeof result.output, Order | Partial<Order>>(true);
same<typeof result.error, string | undefined>(true);
same<typeof result.failure, FailureRecord | undefined>(true);
same<typeof result.waiting, readonly WaitingFor[] | undefined>(true);
same<typeof result.wakeAt, string | undefined>(true);
same<typeof result.recordedStatus, WorkflowStatus | undefined>(true);
same<typeof result.definitionChanged, boolean>(true);

// `status` discriminates the members.
switch (result.status) {
  case "completed":
    same<typeof result.success, true>(true);
    same<typeof result.output, Order>(true);
    same<typeof result.error, undefined>(true);
    break;
  case "failed":
    same<typeof result.success, false>(true);
    same<typeof result.output, Partial<Order>>(true);
    same<typeof result.error, string>(true);
    same<typeof result.failure, FailureRecord>(true);
    break;
  case "pending":
    same<typeof result.output, Partial<Order>>(true);
    same<typeof result.error, undefined>(true);
    break;
  case "suspended":
    same<typeof result.waiting, readonly WaitingFor[] | undefined>(true);
    same<typeof result.recordedStatus, undefined>(true);
    break;
  case "cancelled":
    same<typeof result.failure, FailureRecord>(true);
    break;
  case "lost":
    same<typeof result.recordedStatus, WorkflowStatus>(true);
    same<typeof result.failure, FailureRecord>(true);
    break;
  default:
    same<typeof result, never>(true);
}

// `success` also discriminates them.
if (result.success) same<typeof result.status, "completed">(true);
else same<typeof result.output, Partial<Order>>(true);
