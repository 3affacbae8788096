/** The id of the case that shows that a field arrives: `fields/commit-definition-hash`. */
export function caseId(request: string, field: string): string {
  return `fields/${request}-${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
