/** Thrown if a comparison cannot be finished through no fault of its input, so that there is no report. */
export class NoReportError extends Error {
  override readonly name = "NoReportError";
}
