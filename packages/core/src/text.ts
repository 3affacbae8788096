/*
 * Makes text from outside (ids, messages of drivers and of users' code) safe for messages, records and terminals.
 */

/** The longest text that {@link quoted} keeps, in characters. */
const MAX_QUOTED = 120;
/** The longest text that {@link cleanText} keeps, in characters. */
const MAX_CLEAN = 8_192;
/** The most items that {@link listed} names. */
const MAX_LISTED = 10;

/** Matches control characters, line and paragraph separators, and the marks that change the direction of text. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/** Matches the same characters, except line breaks and tabs. */
const CONTROLS_IN_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/**
 * Matches the user and password of an address: the text up to its last `@` before a space or a quote. An apostrophe is
 * none: a password may have one as it is.
 */
const CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"`<>]{1,2000}@)/gi;
/** The number of characters after the cut that are searched for the end of a password that begins before the cut. */
const MARGIN = 2_100;

/**
 * Quotes a text for a message. The result is on one line, with control characters escaped as in JSON. User and password
 * are removed from addresses. Never throws.
 *
 * @param maxLength The most characters of the text that are kept. Default: 120.
 */
export function quoted(text: unknown, maxLength: number = MAX_QUOTED): string {
  const cut = cutRedacted(textOf(text), maxLength).replaceAll(/["\\]/g, "\\$&");
  return `"${escapeControls(cut, CONTROLS)}"`;
}

/**
 * Quotes the first items of a list for a message, and counts the others.
 *
 * @param maxItems The most items that are quoted. Default: 10.
 */
export function listed(items: readonly unknown[], maxItems: number = MAX_LISTED): string {
  const named = items.slice(0, maxItems).map((item) => quoted(item));
  const more = items.length - named.length;
  return more === 0 ? named.join(", ") : `${named.join(", ")} and ${more} more`;
}

/**
 * Makes a text safe to keep and log. Control characters other than line breaks and tabs are escaped. User and password
 * are removed from addresses. The text is cut to `maxLength` characters.
 *
 * @param maxLength The most characters of the text that are kept. Default: 8,192.
 */
export function cleanText(text: string, maxLength: number = MAX_CLEAN): string {
  return escapeControls(cutRedacted(text, maxLength), CONTROLS_IN_LINES);
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "(a value without a text)"; // an object without a prototype, or one whose own toString throws
  }
}

function cutRedacted(text: string, maxLength: number): string {
  const redacted = withoutCredentials(text.slice(0, maxLength + MARGIN));
  return redacted.length > maxLength ? `${redacted.slice(0, maxLength)}…` : redacted;
}

function withoutCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, (_address, scheme: string, rest: string) => {
    // A file path has no credentials, but may contain `@`: a stack has paths of packages that pnpm has installed.
    const isPath = rest.startsWith("/") && scheme.toLowerCase() === "file://";
    return isPath ? scheme + withoutCredentials(rest) : `${scheme}***@`;
  });
}

function escapeControls(text: string, controls: RegExp): string {
  return text
    .toWellFormed()
    .replaceAll(controls, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
