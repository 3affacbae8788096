/** Returns the id of the case that tests whether a field is kept, such as `fields/commit-definition-hash`. */
export function caseId(request: string, field: string): string {
  return `fields/${request}-${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
