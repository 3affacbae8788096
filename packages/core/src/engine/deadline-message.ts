/** The message of an execution that has not ended by its deadline. It contains "timeout". */
export function deadlineMessage(deadlineAt: number): string {
  return `The execution hit its timeout: it had to end by ${new Date(deadlineAt).toISOString()} (deadlineMs).`;
}
