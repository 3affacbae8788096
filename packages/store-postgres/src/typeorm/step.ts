/** The statements of a migration, there and back. */
export interface Step {
  up: string[];
  down: string[];
}
