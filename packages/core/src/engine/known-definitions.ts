import type { StandardSchema } from "../definition/standard-schema.ts";
import type { NodeExecutor } from "./node-executor.ts";

/*
 * What the compiler knows of an engine's definitions. It knows much of those that `defineWorkflow` made, in a list or a
 * record. Of any other it knows that an id and a node type are texts, and so it checks nothing.
 */

type AnyFunction = (...given: never) => unknown;

/** The definitions of a source, as a union. */
type DefinitionsOf<Workflows> = Workflows extends AnyFunction
  ? never
  : Workflows extends readonly (infer Definition)[]
    ? Definition
    : Workflows[keyof Workflows];

/** The ids that a source's workflows have; `string` if they are not known. */
export type WorkflowIdOf<Workflows> = Workflows extends AnyFunction
  ? string
  : Workflows extends readonly { id: infer Id }[]
    ? Id & string
    : keyof Workflows & string;

/**
 * The `workflowId` of a call: one of the known ids, or a value that is only known as a text (the parameter of a route).
 * Another literal is an error that names the known ids.
 */
export type CheckedId<Workflows, Id extends string> =
  Id extends WorkflowIdOf<Workflows> ? Id : string extends Id ? Id : WorkflowIdOf<Workflows>;

/**
 * The `initialData` of a workflow: the input of its schema, if the engine's `workflows` are a list or a record of results
 * of `defineWorkflow`; else a part of the context.
 */
export type InputOf<Workflows, Id extends string, Context> = string extends Id
  ? Partial<Context>
  : InputOfDefinition<
      Workflows extends readonly (infer Definition)[]
        ? Extract<Definition, { id: Id }>
        : Id extends keyof Workflows
          ? Workflows[Id]
          : never,
      Context
    >;

type InputOfDefinition<Definition, Context> = [Definition] extends [never]
  ? Partial<Context>
  : [Definition] extends [{ input?: StandardSchema<infer Input, unknown> }]
    ? unknown extends Input
      ? Partial<Context>
      : Input
    : Partial<Context>;

/** The node types that the known definitions of a source have. */
type NodeTypeOf<Workflows> = KnownType<DefinitionsOf<Workflows>>;

type KnownType<Definition> = Definition extends { nodes: readonly { type?: infer Type }[] }
  ? string extends Type
    ? never
    : Type & string
  : never;

/** Requires an executor for each node type of the known definitions, unless the types in `Executors` are not known. */
export type CheckedExecutors<Workflows, Executors, Context extends object> = Executors extends AnyFunction
  ? unknown
  : string extends keyof Executors
    ? unknown
    : // biome-ignore lint/suspicious/noExplicitAny: each executor types its own data
      Readonly<Record<Exclude<NodeTypeOf<Workflows>, keyof Executors>, NodeExecutor<Context, any>>>;
