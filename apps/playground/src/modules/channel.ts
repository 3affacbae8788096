import { messageOf } from "../values/message-of.ts";

/**
 * Takes the channel to the parent process for the playground alone.
 *
 * - Modules of the user's that are loaded later find a process without one, as they do outside the playground.
 *
 * @returns A function that sends a message; it resolves once the message is on its way.
 */
export function takeChannel<Message>(): (message: Message) => Promise<void> {
  const send = process.send?.bind(process) as ((message: Message, sent: () => void) => boolean) | undefined;
  Reflect.deleteProperty(process, "send");
  return (message) =>
    new Promise((resolve) => {
      if (send === undefined || !process.connected) resolve();
      else send(message, () => resolve());
    });
}

/** Hears of what nothing catches: a rejection that is not handled, an error in a timer. */
export function onUncaught(report: (message: string) => void): void {
  process.on("uncaughtException", (error) => report(`threw where nothing catches it: ${messageOf(error)}`));
  process.on("unhandledRejection", (reason) => report(`left a rejected promise unhandled: ${messageOf(reason)}`));
}
