import { WorkflowError } from "@waymark/core";

/** Loads the package of a queue, which users install themselves. @throws {WorkflowError} INVALID_ARGUMENT */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `The package ${name} cannot be loaded. Install it: npm install ${name}`,
      {
        cause,
        details: { package: name },
      },
    );
  }
}
