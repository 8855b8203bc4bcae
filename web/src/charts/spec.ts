// What a page says of a chart. Times are civil, as text; a missing value is null and stays a gap.

export interface Line {
  name: string;
  values: (number | null)[];
  /** Parallel to values: why a point is to be doubted ("" for a good one). */
  flags?: string[];
  kind?: "line" | "bar" | "step";
  /** CSS variable of the colour, e.g. "--c2"; by position when absent. */
  colour?: string;
  dashed?: boolean;
}

export interface Limit {
  value: number;
  label: string;
}

export interface Spec {
  unit: string;
  x: string[];
  lines: Line[];
  limits?: Limit[];
  /** Per bar: the CSS colour of its level. */
  levels?: (string | null)[];
  zoom?: boolean;
  decimals?: number;
}
