export { endsWithin, within } from "./deadline.ts";
export {
  causeWith,
  codeOf,
  type Fault,
  firstOf,
  isSocketCode,
  isTlsCode,
  unavailableBy,
  wordsOf,
} from "./driver-error.ts";
export {
  checkFlag,
  checkMadeHere,
  checkOptions,
  checkPositive,
  checkTimeout,
  cureOfClient,
  DEFAULT_TIMEOUT_MS,
  withoutUndefined,
} from "./options.ts";
export { setUpOrClose } from "./set-up-or-close.ts";
