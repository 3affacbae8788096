import type { DraftState } from "./draft-state.ts";

/** A state of a journal that can be gone back to. The older one leads to the newer one, so nothing keeps those that are gone. */
export class JournalPoint {
  readonly state: DraftState;
  /** How late it was made. */
  readonly order: number;
  /** Something before it was undone. */
  isVoid = false;
  next: JournalPoint | undefined;

  constructor(state: DraftState, order: number) {
    this.state = state;
    this.order = order;
  }
}
