/** A member of a type in a source file, with the docstrings of both. A docstring that is absent is "". */
export interface DocumentedMember {
  type: string;
  isExported: boolean;
  typeDocstring: string;
  name: string;
  docstring: string;
}

/** Returns the members of the types of a file that Biome has formatted: each stands two spaces from the margin. */
export function documentedMembers(source: string): DocumentedMember[] {
  const members: DocumentedMember[] = [];
  let type = "";
  let isExported = false;
  let typeDocstring = "";
  let docstring = "";
  let isDocstring = false;
  for (const line of source.split("\n")) {
    const begins = /^ *\/\*\*/.test(line);
    if (begins || isDocstring) {
      docstring = begins ? line : `${docstring}\n${line}`;
      isDocstring = !line.endsWith("*/");
      continue;
    }
    const declared = /^(?:export )?(?:interface|type) (\w+)/.exec(line)?.[1];
    const name = /^ {2}(?:readonly )?(\w+)\??[:<(]/.exec(line)?.[1];
    if (declared !== undefined) [type, typeDocstring, isExported] = [declared, docstring, line.startsWith("export ")];
    else if (/^\}/.test(line)) type = "";
    else if (name !== undefined && type !== "") members.push({ type, isExported, typeDocstring, name, docstring });
    docstring = "";
  }
  return members;
}
