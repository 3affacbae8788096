// The engine loads these with the first call that needs them. That takes time that no manual clock knows of, so tests
// that move a clock by hand load them before.
import "../../src/engine/begin-once.ts";
import "../../src/engine/children.ts";
import "../../src/engine/definition-fit.ts";
import "../../src/engine/execution-watches.ts";
import "../../src/engine/executions.ts";
import "../../src/engine/fork.ts";
import "../../src/engine/keep-answer.ts";
import "../../src/engine/parallel-run.ts";
import "../../src/engine/recovery.ts";
import "../../src/engine/runtime.ts";
import "../../src/engine/self-containing.ts";
import "../../src/engine/state-query.ts";
import "../../src/state/history-page.ts";
import "../../src/state/open-execution.ts";
import "../../src/state/resume-state-options.ts";
import "../../src/state/workflow-state.ts";
