// What the page and the server tell the map, and what a surface to draw on can do.

import type { FeatureCollection } from "geojson";

export interface Class {
  id: string;
  name: string;
  /** A class of the palette; its colour is the variable --<look>. */
  look: string;
}

export interface Layer {
  key: string;
  name: string;
  kind: string;
  symbol: "circle" | "square" | "diamond" | "triangle";
  size: number;
  shown: boolean;
  classes: Class[];
  /** Lines are along a flow: arrows say which way. */
  flows?: boolean;
  /** What the layer holds, where the page says it itself: nothing is asked then. */
  answer?: Answer;
}

export interface Told {
  layers: Layer[];
  base: { name: string; role: string; label: string; title: string }[];
  extent: [number, number, number, number];
  at: { id: number; x: number; y: number } | null;
  hours: number;
  text: Record<string, string>;
}

interface Columns {
  end: string;
  x: number[];
  y: number[];
  ids: number[];
}

export interface Points extends Columns {
  clustered: false;
  names: string[];
  codes: string[];
  /** Per object one mark an hour: the index of its class in base 36, or a dot. */
  hours: string[];
  values: (number | null)[];
  shapes: FeatureCollection;
}

export interface Clusters extends Columns {
  clustered: true;
  counts: number[];
  class: number[];
}

export type Answer = Points | Clusters;

export interface Frame {
  bbox: [number, number, number, number];
  zoom: number;
}

export interface Surface {
  /** False for the drawing that stands in for a map. */
  whole: boolean;
  frame(): Frame;
  /** 1 closer, -1 farther, 0 everything. */
  zoom(step: number): void;
  /** `fresh`: the answer is new; else only the hour is. */
  put(layer: Layer, answer: Answer | null, hour: number, fresh: boolean): void;
}

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colours of a layer's classes, the plain one when it has none, and that of "no result". */
export function colours(layer: Layer): { classes: string[]; none: string } {
  const classes = layer.classes.map((one) => (one.look && colour(`--${one.look}`)) || colour("--c1"));
  return { classes, none: layer.classes.length ? colour("--hatch") : colour("--accent") };
}
