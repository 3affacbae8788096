import { add, end, merge, patch, RetryAfterError, route, suspend, WorkflowState } from "../../src/index.ts";
import { SECRET, type WrongCall } from "./wrong-call.ts";

class Answer {
  secret = SECRET;
}
class Socket {
  self = this;
}
const ask = suspend as (options: unknown) => unknown;
const many = (call: unknown) => call as (...args: unknown[]) => unknown;
const go = route as (...args: unknown[]) => unknown;
const withStore = WorkflowState.withStore as (...args: unknown[]) => typeof WorkflowState;

/** Wrong results of executors, and wrong uses of WorkflowState. */
export const results: readonly WrongCall[] = [
  [
    "nothing",
    ({ run }) => run(() => undefined),
    "NODE_RESULT_INVALID",
    /"n1" returned nothing/,
    /return.*(context|patch\(\))/,
  ],
  ["a text", ({ run }) => run(() => SECRET), "NODE_RESULT_INVALID", /returned a string/, /plain object/],
  ["a list", ({ run }) => run(() => [1]), "NODE_RESULT_INVALID", /returned a list|an array/, /plain object/],
  [
    "a boolean, to choose a branch",
    ({ run }) => run(() => true),
    "NODE_RESULT_INVALID",
    /returned a boolean/,
    /route\(/,
  ],
  [
    "route() to several outputs, each an argument",
    ({ run }) => run(() => go({}, "a", "b")),
    "NODE_RESULT_INVALID",
    /route\(\) with 3 arguments/,
    /several outputs are a list/,
  ],
  ...(
    [
      ["patch", "patch() of several objects", () => many(patch)({ a: 1 }, { b: 2 }), "one object has all changes"],
      ["end", "end() with an output", () => many(end)({}, "done"), "it takes no output"],
      [
        "suspend",
        "suspend() with a reason and options",
        () => many(ask)({}, { forMs: 1 }),
        "one object has all options",
      ],
    ] as const
  ).map(
    ([name, what, result, advice]): WrongCall => [
      what,
      ({ run }) => run(result),
      "NODE_RESULT_INVALID",
      new RegExp(`${name}\\(\\) with 2 arguments`),
      new RegExp(advice),
    ],
  ),
  [
    "suspend() whose context is a patch() of several objects",
    ({ run }) => run(() => ask({ context: many(patch)({ a: 1 }, { b: 2 }) })),
    "NODE_RESULT_INVALID",
    /patch\(\) with 2 arguments/,
    /one object has all changes/,
  ],
  [
    "add() of several numbers",
    ({ run }) => run(() => patch({ points: many(add)(1, 2) })),
    "NODE_RESULT_INVALID",
    /context\.points.*add\(\)/,
    /takes one argument, and was given 2/,
  ],
  [
    "merge() of several objects",
    ({ run }) => run(() => patch({ totals: many(merge)({ eu: 1 }, { us: 2 }) })),
    "NODE_RESULT_INVALID",
    /context\.totals.*merge\(\)/,
    /takes one argument, and was given 2/,
  ],
  [
    "add() in a whole context",
    ({ run }) => run(() => ({ points: add(1) })),
    "STATE_NOT_SERIALIZABLE",
    /context\.points.*add\(\)/,
    /only a key of patch\(\)/,
  ],
  [
    "route() inside a context",
    ({ run }) => run(() => ({ next: go({}, "a") })),
    "STATE_NOT_SERIALIZABLE",
    /context\.next.*route\(\)/,
    /only a whole result/,
  ],
  [
    "an instance of a class",
    ({ run }) => run(() => new Answer()),
    "NODE_RESULT_INVALID",
    /instance of "Answer"/,
    /plain object/,
  ],
  [
    "a Response",
    ({ run }) => run(async () => new Response(SECRET)),
    "NODE_RESULT_INVALID",
    /instance of "Response"/,
    /plain object/,
  ],
  [
    "a promise that nobody awaited",
    ({ run }) => run(() => ({ user: Promise.resolve(1) })),
    "STATE_NOT_SERIALIZABLE",
    /context\.user.*Promise/,
    /await/,
  ],
  [
    "an instance inside",
    ({ run }) => run(() => ({ user: new Answer() })),
    "STATE_NOT_SERIALIZABLE",
    /context\.user.*instance of Answer/,
    /codec\.types/,
  ],
  [
    "a cycle inside",
    ({ run }) => run(() => ({ v: cycle() })),
    "STATE_NOT_SERIALIZABLE",
    /contains itself/,
    /context\.v\.self/,
  ],
  [
    "a cycle through a list",
    ({ run }) => run(() => ({ v: cycle(true) })),
    "STATE_NOT_SERIALIZABLE",
    /contains itself/,
    /context\.v\.items\[0\]/,
  ],
  [
    "a cycle below the top",
    ({ run }) => run(() => ({ a: { b: cycle() } })),
    "STATE_NOT_SERIALIZABLE",
    /contains itself/,
    /context\.a\.b\.self/,
  ],
  [
    "an instance that contains itself",
    ({ run }) => run(() => ({ socket: new Socket() })),
    "STATE_NOT_SERIALIZABLE",
    /context\.socket.*instance of Socket/,
    /codec\.types/,
  ],
  [
    "a function inside",
    ({ run }) => run(() => ({ done: () => SECRET })),
    "STATE_NOT_SERIALIZABLE",
    /context\.done.*function/,
    /cannot keep/,
  ],
  [
    "a symbol inside",
    ({ run }) => run(() => ({ s: Symbol("x") })),
    "STATE_NOT_SERIALIZABLE",
    /context\.s.*symbol/,
    /cannot keep/,
  ],
  [
    "a context that it changed",
    ({ run }) =>
      run(({ context }: { context: Record<string, unknown> }) => {
        context.a = 1;
        return context;
      }),
    "CONTEXT_READ_ONLY",
    /"n1"/,
    /Return a new one: \{ \.\.\.context/,
  ],
  [
    "patch without an object",
    ({ run }) => run(() => patch("a" as never)),
    "NODE_RESULT_INVALID",
    /patch\(\) of a string/,
    /object/,
  ],
  [
    "route without a handle",
    ({ run }) => run(({ context }: { context: object }) => go(context)),
    "NODE_RESULT_INVALID",
    /route\(\).*(no handle|nothing)/,
    /route\(context, "/,
  ],
  [
    "route with only a handle",
    ({ run }) => run(() => go("true")),
    "NODE_RESULT_INVALID",
    /returned a string/,
    /route\(context, "/,
  ],
  [
    "route with a boolean",
    ({ run }) => run(({ context }: { context: object }) => go(context, true)),
    "NODE_RESULT_INVALID",
    /route\(\).*boolean/,
    /route\(context, "handle"\)/,
  ],
  [
    "suspend until a text",
    ({ run }) => run(() => ask({ until: "2030-01-01" })),
    "NODE_RESULT_INVALID",
    /suspend\(\).*until.*string/,
    /Date/,
  ],
  [
    "suspend for a text",
    ({ run }) => run(() => ask({ forMs: "1h" })),
    "NODE_RESULT_INVALID",
    /suspend\(\).*forMs|for a string/,
    /number/,
  ],
  [
    "suspend with a text",
    ({ run }) => run(() => ask("approval")),
    "NODE_RESULT_INVALID",
    /suspend\(\) with a string/,
    /\{ reason/,
  ],
  [
    "suspend with a misspelt option",
    ({ run }) => run(() => ask({ untill: new Date() })),
    "NODE_RESULT_INVALID",
    /unknown option "untill"/,
    /did you mean "until"/,
  ],
  [
    "suspend until a time and for a while",
    ({ run }) => run(() => ask({ until: new Date(), forMs: 5 })),
    "NODE_RESULT_INVALID",
    /both until and forMs/,
    /one|either|both/,
  ],
  [
    "a RetryAfterError without its options",
    ({ run }) =>
      run(() => {
        throw new (RetryAfterError as unknown as new (message: string) => Error)("the service is busy");
      }),
    "NODE_FAILED",
    /^the service is busy$/,
    /busy/,
  ],
  [
    "WorkflowState.withStore without a store",
    () => withStore(undefined),
    "INVALID_ARGUMENT",
    /store:.*(missing|nothing)/,
    /MemoryCheckpointStore/,
  ],
  [
    "WorkflowState.create without an engine",
    () => loose((WorkflowState as unknown as { create: unknown }).create)("chain", "u1"),
    "INVALID_ARGUMENT",
    /WorkflowState\.create.*store/,
    /WorkflowState\.withStore\(store\)\.create/,
  ],
  [
    "WorkflowState.create with an object",
    ({ engine }) => loose(engine.WorkflowState.create)({ workflowId: "chain", userId: "u1" }),
    "INVALID_ARGUMENT",
    /workflowId:.*object/,
    /WorkflowState\.create\(workflowId, userId/,
  ],
  [
    "WorkflowState.create without a user",
    ({ engine }) => loose(engine.WorkflowState.create)("chain"),
    "INVALID_ARGUMENT",
    /userId:.*(missing|nothing)/,
    /string/,
  ],
  [
    "WorkflowState.resume with an object",
    ({ engine }) => loose(engine.WorkflowState.resume)({ executionId: "e" }),
    "INVALID_ARGUMENT",
    /executionId:.*object/,
    /string/,
  ],
  [
    "updateContext with a text",
    async ({ engine }) => loose2(await engine.WorkflowState.create("chain", "u1"), "updateContext")(SECRET),
    "INVALID_ARGUMENT",
    /updateContext.*string/,
    /plain object/,
  ],
  [
    "setStatus with an unknown status",
    async ({ engine }) => loose2(await engine.WorkflowState.create("chain", "u1"), "setStatus")("done"),
    "INVALID_ARGUMENT",
    /"done"/,
    /"completed"/,
  ],
];

function cycle(inList = false): object {
  const value: { self?: object; items?: object[] } = {};
  if (inList) value.items = [value];
  else value.self = value;
  return value;
}

function loose(member: unknown): (...args: unknown[]) => unknown {
  return member as (...args: unknown[]) => unknown;
}
function loose2(state: object, name: string): (...args: unknown[]) => unknown {
  return (...args) => (state as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args);
}
