/** Says what is going on, while it is going on. */
export interface Progress {
  show(what: string): void;
  end(): void;
}

/** One line that is written over on a terminal; elsewhere a line per workflow, so that a log stays short. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) {
    return {
      show: (what) => stream.write(`\r\u001b[2K${what.slice(0, Math.max(40, stream.columns || 80) - 1)}`),
      end: () => stream.write("\r\u001b[2K"),
    };
  }
  let last = "";
  return {
    show: (what) => {
      const subject = what.slice(0, what.lastIndexOf(":"));
      if (subject !== last) stream.write(`${subject}\n`);
      last = subject;
    },
    end: () => {},
  };
}
