import { styleText } from "node:util";

type Paint = (text: string) => string;

/** The colours of the report. */
export interface Colors {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
}

/** A place that a report is written to: a terminal, or something else. */
export interface Screen {
  isTTY?: boolean;
  /** Columns; some terminals give none, or 0. */
  columns?: number;
  hasColors?(): boolean;
}

/** Colours on a terminal that has them, unless its user wants none (`NO_COLOR`). */
export function colorsFor(screen: Screen): Colors {
  const isColored = screen.isTTY === true && screen.hasColors?.() === true;
  const paint = (style: keyof Colors) => (text: string) =>
    isColored ? styleText(style, text, { validateStream: false }) : text;
  return { bold: paint("bold"), dim: paint("dim"), red: paint("red"), green: paint("green") };
}
