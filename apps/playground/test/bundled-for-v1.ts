import { bundledIds, readBundled } from "../src/import/bundled.ts";

/** The bundled workflows that V1 refuses: one has a loop, one an error policy, one a node that runs another workflow. */
export const REFUSED_BY_V1 = ["bulk-refund", "price-update", "shipment-tracking"];

/** Reads the bundled workflows that V1 can run. */
export async function bundledForV1() {
  return readBundled((await bundledIds()).filter((id) => !REFUSED_BY_V1.includes(id)));
}
