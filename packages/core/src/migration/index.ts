export type { V1Call, V1Result } from "./v1-shape.ts";
