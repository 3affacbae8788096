export { createInspector } from "./server/create-inspector.ts";
export type { Authorized, InspectedEngine, Inspector, InspectorOptions } from "./server/inspector-options.ts";
