// The drawing that stands in for the map where there is no WebGL: lines, points and clusters by
// longitude and latitude, each a link. No base layers; the list beside it says the rest.
import type { Feature } from "geojson";
import { type Answer, colours, type Frame, type Layer, type Surface, type Told } from "./told";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 2000;

export function plain(canvas: HTMLElement, told: Told, open: (id: number) => void): Surface {
  const svg = document.createElementNS(SVG, "svg");
  canvas.append(svg);
  const groups = new Map<string, SVGGElement>();
  const [west, south, east, north] = told.extent;
  const bbox: Frame["bbox"] = [west - 0.05, south - 0.05, east + 0.05, north + 0.05];
  svg.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<SVGAElement>("a[data-id]");
    if (!link) return;
    event.preventDefault();
    open(Number(link.dataset.id));
  });

  const place = (x: number, y: number): [number, number] => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const narrow = Math.cos((((bbox[1] + bbox[3]) / 2) * Math.PI) / 180);
    const scale = Math.min(width / ((bbox[2] - bbox[0]) * narrow), height / (bbox[3] - bbox[1]));
    return [
      width / 2 + (x - (bbox[0] + bbox[2]) / 2) * narrow * scale,
      height / 2 - (y - (bbox[1] + bbox[3]) / 2) * scale,
    ];
  };

  const line = (shape: Feature, layer: Layer, stroke: string): SVGElement[] => {
    if (shape.geometry.type !== "LineString") return [];
    const corners = shape.geometry.coordinates.map(([x, y]) => place(x ?? 0, y ?? 0));
    const drawn = document.createElementNS(SVG, "polyline");
    drawn.setAttribute("points", corners.map((at) => at.map((n) => n.toFixed(1)).join(",")).join(" "));
    drawn.setAttribute("fill", "none");
    drawn.setAttribute("stroke", stroke);
    drawn.setAttribute("stroke-width", "2.5");
    return layer.flows ? [drawn, ...arrow(corners, stroke)] : [drawn];
  };

  /** An arrowhead in the middle of a line, the way it is drawn. */
  const arrow = (corners: [number, number][], fill: string): SVGElement[] => {
    const at = Math.max(1, Math.floor(corners.length / 2));
    const [from, to] = [corners[at - 1], corners[at]];
    if (!from || !to) return [];
    const head = document.createElementNS(SVG, "path");
    const turn = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
    const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    head.setAttribute("d", "M-6,-5 L7,0 L-6,5 Z");
    head.setAttribute("fill", fill);
    head.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(0)})`);
    return [head];
  };

  return {
    whole: false,
    frame: () => ({ bbox, zoom: 6 }),
    zoom: () => undefined,
    put(layer: Layer, answer: Answer | null, hour: number): void {
      groups.get(layer.key)?.remove();
      if (!answer) return;
      const group = document.createElementNS(SVG, "g");
      const { classes, none } = colours(layer);
      if (!answer.clustered)
        for (const shape of answer.shapes.features)
          group.append(...line(shape, layer, classes[grade(shape)] ?? none));
      answer.x.slice(0, MOST).forEach((x, n) => {
        const [left, top] = place(x, answer.y[n] ?? 0);
        const dot = document.createElementNS(SVG, "circle");
        dot.setAttribute("cx", left.toFixed(1));
        dot.setAttribute("cy", top.toFixed(1));
        const many = answer.clustered ? (answer.counts[n] ?? 1) : 1;
        dot.setAttribute("r", String(layer.size / 2 + 2 * Math.log2(many)));
        const at = answer.clustered
          ? (answer.class[n] ?? -1)
          : parseInt(answer.hours[n]?.[hour] ?? "", 36);
        dot.setAttribute("fill", classes[at] ?? none);
        const title = document.createElementNS(SVG, "title");
        title.textContent = answer.clustered ? String(many) : (answer.names[n] ?? "");
        dot.append(title);
        if (answer.clustered) return group.append(dot);
        const link = document.createElementNS(SVG, "a");
        link.setAttribute("href", `/object/${answer.ids[n]}`);
        link.dataset.id = String(answer.ids[n]);
        link.setAttribute("tabindex", "-1"); // the list beside it is for the keyboard
        link.append(dot);
        group.append(link);
        if (layer.answer && layer.classes.length) group.append(name(left + layer.size, top + 4, answer.names[n] ?? ""));
      });
      groups.set(layer.key, group);
      svg.append(group);
    },
  };
}

function grade(shape: Feature): number {
  return parseInt(String(shape.properties?.h ?? "").slice(-1), 36);
}

function name(x: number, y: number, words: string): SVGTextElement {
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", x.toFixed(1));
  text.setAttribute("y", y.toFixed(1));
  text.textContent = words;
  return text;
}
