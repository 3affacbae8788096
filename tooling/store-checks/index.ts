export { itSurvivesChaos } from "./chaos.ts";
export { expectHarmless, type HeadDamage } from "./damaged-head.ts";
export { edited, expectSoundReads, forManyEdits, newHistory, type TextEdit } from "./damaged-history.ts";
export { itKeepsALimitedHistory } from "./history-limit.ts";
export { expectNoLeak } from "./leaks.ts";
export { itKeepsEveryField } from "./request-fields.ts";
export { itSurvivesARestart } from "./restart.ts";
export { itPrunesByTheEnd } from "./retention.ts";
export { itRunsSubWorkflows } from "./sub-workflows.ts";
