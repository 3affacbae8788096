import { cleanText } from "@waymark/core/store";

/** The longest text that {@link oneLine} keeps, in characters. */
const MAX_LINE = 2_000;

/** Makes text from outside safe for one line of a terminal: short, without control characters and credentials. */
export function oneLine(text: string, maxLength: number = MAX_LINE): string {
  return cleanText(text.replace(/[\t\n\v\f\r]+ */g, " "), maxLength).trim();
}
