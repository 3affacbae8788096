import { fieldsOf, needed, optional } from "../../src/store/fields.ts";

interface Request {
  id: string;
  leaseMs?: number;
}

const check = (): void => {};

fieldsOf<Request>("request", "", { id: needed(check), leaseMs: optional(check) });
// @ts-expect-error: a field is forgotten
fieldsOf<Request>("request", "", { id: needed(check) });
// @ts-expect-error: a field that must be there is checked as if it could be absent
fieldsOf<Request>("request", "", { id: optional(check), leaseMs: optional(check) });
// @ts-expect-error: a field that the interface does not name
fieldsOf<Request>("request", "", { id: needed(check), leaseMs: optional(check), lease: optional(check) });
