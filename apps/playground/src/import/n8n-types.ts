/** The type of "Loop Over Items", which splits a list into batches. */
export const LOOP_OVER_ITEMS = "n8n-nodes-base.splitInBatches";

/** The type of Wait. */
export const N8N_WAIT = "n8n-nodes-base.wait";

/** The type of Execute Workflow. */
export const SUB_WORKFLOW = "n8n-nodes-base.executeWorkflow";

/** The type of the trigger that fires when another workflow runs this one. */
export const SUB_WORKFLOW_TRIGGER = "n8n-nodes-base.executeWorkflowTrigger";
