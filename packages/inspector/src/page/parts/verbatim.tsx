// Control characters, and those that change the direction of text, would hide what a text says.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const INVISIBLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Returns a text with its invisible characters written as `\u202e`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A text that somebody else has chosen: an id, a name, a message. It can neither hide nor turn around what is beside it. */
export function Verbatim({ text, className }: { text: string; className?: string | undefined }) {
  return <bdi className={className}>{visible(text)}</bdi>;
}
