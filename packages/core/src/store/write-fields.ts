/** Writes one field of a request to the target in which a store keeps it. */
export type FieldWriter<Value, Target> = (value: Value, target: Target, name: string) => void;

/** A writer for every field of a request's type. The compiler refuses a table that lacks one. */
export type FieldWriters<Request, Target> = {
  readonly [Name in keyof Required<Request>]: FieldWriter<Exclude<Request[Name], undefined>, Target>;
};

/** Writes the fields that a request has, in the order of the table. A field that is `undefined` counts as absent. */
export function writeFields<Request, Target>(
  writers: FieldWriters<Request, Target>,
  request: Request,
  target: Target,
): void {
  for (const name in writers) {
    const value = request[name];
    if (value !== undefined) writers[name](value as never, target, name);
  }
}
