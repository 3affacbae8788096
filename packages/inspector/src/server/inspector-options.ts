import { type Dispatcher, type WorkflowEngine, WorkflowError } from "@waymark/core";
import { checkNames } from "@waymark/core/store";
import * as z from "zod/mini";
import { inputProblems } from "./input-problems.ts";

/** The members of an engine that an inspector calls. */
type InspectedMember =
  | "answerWait"
  | "cancelExecution"
  | "deleteExecution"
  | "forkExecution"
  | "inspectExecution"
  | "listExecutions"
  | "resumeWorkflow"
  | "watchExecution";

/** The engine whose executions an inspector shows. */
export interface InspectedEngine extends Pick<WorkflowEngine, InspectedMember> {
  forUser(userId: string): Pick<WorkflowEngine, InspectedMember>;
  /** The queue whose depth is shown. */
  readonly dispatcher?: Pick<Dispatcher, "depth"> | undefined;
}

/** The rights of a request. */
export interface Authorized {
  /** Allows it to resume, fork, answer, cancel and delete. Default: false, it may only read. */
  actions?: boolean;
  /** Limits it to the executions of this user, as the engine's `forUser` does. Default: those of all users. */
  userId?: string;
}

/**
 * The options of `createInspector`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/inspector.md#options
 */
export interface InspectorOptions {
  /** The engine whose executions are shown. Actions run in its process. */
  engine: InspectedEngine;
  /**
   * Decides about each request, also for the page's own files and for event streams.
   *
   * - `false` refuses it with status 403. So does anything but `false` or an object of this shape.
   * - Is called once per request; an event stream is asked about again every two minutes.
   */
  authorize: (request: Request) => false | Authorized | Promise<false | Authorized>;
  /** The path at which the handler is mounted: "/admin/waymark". Default: "", the root. */
  basePath?: string;
  /**
   * The host names at which the page is reached, without port: "admin.example.com". `localhost`, `127.0.0.1` and `[::1]`
   * are always allowed. A request for any other host is refused, so that no foreign name can be bound to your address.
   */
  hosts?: readonly string[];
  /**
   * Keys whose values never leave the server, at any depth of contexts, payloads, node data and metadata. Compared
   * without regard to case. Default: none.
   *
   * - Messages of errors are shown as they are.
   */
  redact?: readonly string[];
  /** Takes errors that have no code, which the page shows only as "internal". Default: the console. */
  onError?: (error: unknown) => unknown;
}

/** A handler of web-standard requests, made by `createInspector`. */
export interface Inspector {
  /**
   * Answers a request whose path begins with `basePath`. Works destructured.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT if it is no web-standard request. Never rejects otherwise.
   */
  fetch: (request: Request) => Promise<Response>;
}

/** The options, checked, with the defaults filled in. */
export type CheckedOptions = Required<InspectorOptions>;

const MEMBERS: readonly (InspectedMember | "forUser")[] = [
  "answerWait",
  "cancelExecution",
  "deleteExecution",
  "forUser",
  "forkExecution",
  "inspectExecution",
  "listExecutions",
  "resumeWorkflow",
  "watchExecution",
];

const isFunction = z.custom<unknown>((value) => typeof value === "function", "must be a function");

const optionsSchema = z.strictObject({
  engine: z.custom<unknown>(isEngine, "must be an engine that createWorkflowEngine has made"),
  authorize: z.custom<unknown>(
    (value) => typeof value === "function",
    "is required: a function that says what a request may do. The handler cannot see who calls it, so without one " +
      "everybody could read and change every execution. Return false, or { actions: boolean, userId?: string }",
  ),
  basePath: z.optional(
    z
      .string()
      .check(z.regex(/^(\/[A-Za-z0-9._~-]+)*$/, 'must be empty or like "/admin/waymark", without a slash at its end')),
  ),
  hosts: z.optional(
    z.array(
      z.string().check(z.regex(/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)$/i, 'must be like "admin.example.com", without port')),
    ),
  ),
  redact: z.optional(z.array(z.string().check(z.minLength(1, "must not be empty")))),
  onError: z.optional(isFunction),
});

const OPTIONS: ReadonlySet<string> = new Set(Object.keys(optionsSchema.shape));

function isEngine(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return MEMBERS.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}

/** Checks what `createInspector` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkInspectorOptions(given: unknown): CheckedOptions {
  if (typeof given !== "object" || given === null || isEngine(given)) {
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      "createInspector: takes one object: write createInspector({ engine, authorize }).",
    );
  }
  checkNames(given, OPTIONS, "the options of createInspector");
  const { success, error } = optionsSchema.safeParse(given);
  if (!success) throw new WorkflowError("INVALID_ARGUMENT", `createInspector: ${inputProblems(error)}.`);
  const { engine, authorize, basePath, hosts, redact, onError } = given as InspectorOptions;
  return {
    engine,
    authorize,
    basePath: basePath ?? "",
    hosts: [...(hosts ?? [])],
    redact: [...(redact ?? [])],
    onError: onError ?? ((error) => console.error("@waymark/inspector:", error)),
  };
}

/** Checks that a request is a web-standard one, of any realm or library. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkRequest(request: unknown): void {
  const { url, headers } = (request ?? {}) as { url?: unknown; headers?: { get?: unknown } };
  if (typeof url === "string" && typeof headers?.get === "function") return;
  const kind = typeof request === "object" ? (request?.constructor?.name ?? "an object") : `a ${typeof request}`;
  const given = request === undefined ? "but was given nothing" : `not ${kind}`;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `inspector.fetch: takes a web-standard Request, ${given}. For requests of Node's http, use an adapter such as @hono/node-server.`,
  );
}
