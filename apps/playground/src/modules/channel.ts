import { messageOf } from "../values/message-of.ts";

/**
 * Reserves the channel to the parent process for the playground.
 *
 * - The user's modules are loaded later and find no channel, as outside the playground.
 *
 * @returns A function that sends a message, and resolves once the message is sent.
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

/** Reports uncaught errors (in a timer, for example) and unhandled rejections. */
export function onUncaught(report: (message: string) => void): void {
  process.on("uncaughtException", (error) => report(`threw an uncaught error: ${messageOf(error)}`));
  process.on("unhandledRejection", (reason) => report(`left a rejected promise unhandled: ${messageOf(reason)}`));
}
