import { oneLine } from "./one-line.ts";
import { cut } from "./table.ts";

/** One step of a comparison. */
export interface Step {
  /** The workflow that the step belongs to, if any. */
  subject?: string;
  what: string;
}

/** Shows the progress of a comparison. */
export interface Progress {
  show(step: Step): void;
  /** Prints lines that stay on the screen. */
  say(lines: readonly string[]): void;
  end(): void;
}

const CLEAR = "\r\u001b[2K";

/** Makes a progress display: one line that is overwritten on a terminal, or one line per workflow in a log. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  const write = (lines: readonly string[]) => stream.write(lines.map((line) => `${oneLine(line)}\n`).join(""));
  if (stream.isTTY) {
    const width = () => Math.max(40, stream.columns || 80) - 1;
    return {
      show: ({ subject, what }) =>
        stream.write(CLEAR + cut(oneLine(subject === undefined ? what : `${subject}: ${what}`), width())),
      say: (lines) => {
        stream.write(CLEAR);
        write(lines);
      },
      end: () => stream.write(CLEAR),
    };
  }
  let last: string | undefined;
  return {
    show: ({ subject }) => {
      if (subject !== undefined && subject !== last) write([subject]);
      last = subject ?? last;
    },
    say: write,
    end: () => undefined,
  };
}
