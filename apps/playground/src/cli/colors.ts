import { styleText } from "node:util";

type Paint = (text: string) => string;

/** The colours of the report. */
export interface Colors {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
}

/** The destination of a report: a terminal, a pipe or a file. */
export interface Screen {
  isTTY?: boolean;
  /** Columns. Some terminals report none, or 0. */
  columns?: number;
  hasColors?(): boolean;
}

/** Returns colours for a terminal that has them, unless its user set `NO_COLOR`; otherwise none. */
export function colorsFor(screen: Screen): Colors {
  const isColored = screen.isTTY === true && screen.hasColors?.() === true;
  const paint = (style: keyof Colors) => (text: string) =>
    isColored ? styleText(style, text, { validateStream: false }) : text;
  return { bold: paint("bold"), dim: paint("dim"), red: paint("red"), green: paint("green") };
}
