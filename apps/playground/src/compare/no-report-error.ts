/** Thrown if a comparison cannot finish for another reason than its input, so that there is no report. */
export class NoReportError extends Error {
  override readonly name = "NoReportError";
}
