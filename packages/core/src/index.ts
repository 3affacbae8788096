export {
  ERROR_CODES,
  type ErrorCode,
  isNonRetryableError,
  isRetryAfterError,
  isWorkflowError,
  NonRetryableError,
  RetryAfterError,
  WorkflowError,
  type WorkflowErrorOptions,
} from "./errors.ts";
export * from "./store/arguments.ts";
export * from "./store/checkpoint-store.ts";
export * from "./store/rules.ts";
