// The map proper, drawn by MapLibre: no tiles, no fonts and no sprites from anywhere; base layers are
// GeoJSON of this platform, labels are drawn with the fonts of the machine.
import {
  type ExpressionSpecification,
  type GeoJSONSource,
  LngLatBounds,
  Map as Gl,
  type MapLayerMouseEvent,
  setWorkerUrl,
} from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import { type Answer, colour, colours, type Layer, type Surface, type Told } from "./told";

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const SMALLEST = 2; // radius of a point, pixels
const LINES: Record<string, [string, number]> = {
  boundary: ["--line-strong", 1.2],
  river: ["--c3", 1.1],
  lake: ["--c3", 1],
  road: ["--line-strong", 0.8],
  other: ["--ink-3", 0.8],
};

export async function surface(
  canvas: HTMLElement,
  worker: string,
  told: Told,
  open: (id: number) => void,
  moved: () => void,
): Promise<Surface> {
  setWorkerUrl(new URL(worker, location.href).href);
  const whole = new LngLatBounds(told.extent);
  const map = new Gl({
    container: canvas,
    style: {
      version: 8,
      sources: {},
      layers: [{ id: "ground", type: "background", paint: { "background-color": colour("--sunken") } }],
    },
    bounds: whole,
    fitBoundsOptions: { padding: 60, maxZoom: 12 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    maxZoom: 18,
  });
  map.touchZoomRotate.disableRotation();
  await new Promise<void>((done, fail) => {
    map.once("load", () => done());
    setTimeout(() => fail(new Error("the map did not load in time")), 15_000);
  });
  base(map, told);
  if (told.at) map.jumpTo({ center: [told.at.x, told.at.y], zoom: 12 });
  let settled = 0;
  map.on("moveend", () => {
    clearTimeout(settled);
    settled = window.setTimeout(moved, 120);
  });
  Object.assign(canvas, { fenheMap: map }); // for measurements of how smoothly it moves

  return {
    whole: true,
    frame() {
      const box = map.getBounds();
      return {
        bbox: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()],
        zoom: map.getZoom(),
      };
    },
    zoom(step) {
      if (step) map.zoomTo(map.getZoom() + step);
      else map.fitBounds(whole, { padding: 60, maxZoom: 12 });
    },
    put(layer, answer, hour, fresh) {
      if (!map.getSource(layer.key)) add(map, canvas, layer, open);
      if (fresh) {
        if (layer.symbol === "circle") size(map, canvas, layer, answer);
        (map.getSource(layer.key) as GeoJSONSource).setData(features(answer, !!layer.answer));
        (map.getSource(`${layer.key}/shapes`) as GeoJSONSource).setData(
          answer && !answer.clustered ? answer.shapes : EMPTY,
        );
      }
      paint(map, layer, answer, hour);
    },
  };
}

function base(map: Gl, told: Told): void {
  for (const one of told.base) {
    const [name, width] = LINES[one.role] ?? ["--ink-3", 0.8];
    map.addSource(`base/${one.name}`, { type: "geojson", data: `/map/base/${one.name}.geojson` });
    map.addLayer({
      id: `base/${one.name}`,
      type: "line",
      source: `base/${one.name}`,
      paint: { "line-color": colour(name), "line-width": width, "line-opacity": 0.75 },
    });
    map.addLayer({
      id: `base/${one.name}/label`,
      type: "symbol",
      source: `base/${one.name}`,
      minzoom: 5,
      layout: {
        "text-field": ["coalesce", ["get", one.label], ""],
        "text-size": 11,
        "symbol-placement": one.role === "river" ? "line" : "point",
      },
      paint: {
        "text-color": colour("--ink-2"),
        "text-halo-color": colour("--sunken"),
        "text-halo-width": 1.5,
      },
    });
  }
}

function features(answer: Answer | null, named: boolean): FeatureCollection {
  if (!answer) return EMPTY;
  return {
    type: "FeatureCollection",
    features: answer.x.map((x, n) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [x, answer.y[n] ?? 0] },
      properties: answer.clustered
        ? { id: answer.ids[n], n: answer.counts[n], c: answer.class[n] }
        : { id: answer.ids[n], n: 1, h: answer.hours[n], name: named ? answer.names[n] : "" },
    })),
  };
}

function add(map: Gl, canvas: HTMLElement, layer: Layer, open: (id: number) => void): void {
  map.addSource(layer.key, { type: "geojson", data: EMPTY, tolerance: 0, buffer: 16 });
  map.addSource(`${layer.key}/shapes`, { type: "geojson", data: EMPTY });
  const shapes = `${layer.key}/shapes`;
  const areas: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];
  map.addLayer({ id: `${shapes}/fill`, type: "fill", source: shapes, filter: areas, paint: { "fill-opacity": 0.35 } });
  map.addLayer({ id: `${shapes}/line`, type: "line", source: shapes, paint: { "line-width": 2.5 } });
  if (layer.flows) flow(map, shapes);
  if (layer.symbol === "circle") {
    map.addLayer({
      id: layer.key,
      type: "circle",
      source: layer.key,
      paint: { "circle-stroke-color": colour("--surface") },
    });
  } else {
    map.addLayer({
      id: layer.key,
      type: "symbol",
      source: layer.key,
      layout: {
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-size": ["+", 1, ["*", 0.35, ["ln", ["get", "n"]]]],
      },
    });
  }
  map.addLayer({
    id: `${layer.key}/count`,
    type: "symbol",
    source: layer.key,
    filter: [">", ["get", "n"], 1],
    layout: { "text-field": ["to-string", ["get", "n"]], "text-size": 11, "text-allow-overlap": true },
    paint: { "text-color": "#000", "text-halo-color": "#fff", "text-halo-width": 1.2 },
  });
  if (layer.answer) {
    map.addLayer({
      id: `${layer.key}/name`,
      type: "symbol",
      source: layer.key,
      layout: {
        "text-field": ["get", "name"],
        "text-size": 11,
        "text-anchor": "left",
        "text-offset": [0.9, 0],
        "text-optional": true,
      },
      paint: {
        "text-color": colour("--ink"),
        "text-halo-color": colour("--sunken"),
        "text-halo-width": 1.5,
      },
    });
  }
  for (const id of [layer.key, `${shapes}/fill`, `${shapes}/line`]) {
    map.on("click", id, (event: MapLayerMouseEvent) => {
      const own = event.features?.[0]?.properties as { id?: number; n?: number } | undefined;
      if (own?.id) open(own.id);
      else map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
    });
    map.on("mouseenter", id, () => canvas.classList.add("pointing"));
    map.on("mouseleave", id, () => canvas.classList.remove("pointing"));
  }
}

/** Circles shrink where the picture is crowded, so that neighbours can be told apart (and so that
 * a machine without a graphics card keeps up). */
function size(map: Gl, canvas: HTMLElement, layer: Layer, answer: Answer | null): void {
  const room = Math.sqrt((canvas.clientWidth * canvas.clientHeight) / Math.max(1, answer?.x.length ?? 1));
  const radius = Math.min(layer.size / 2, Math.max(SMALLEST, room / 2));
  map.setPaintProperty(layer.key, "circle-radius", ["+", radius, ["*", 2, ["ln", ["get", "n"]]]]);
  map.setPaintProperty(layer.key, "circle-stroke-width", radius < layer.size / 4 ? 0 : 1);
}

/** Arrows along the lines: the water flows the way they are drawn. */
function flow(map: Gl, source: string): void {
  map.addLayer({
    id: `${source}/flow`,
    type: "symbol",
    source,
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 55,
      "text-field": "➤",
      "text-size": 12,
      "text-keep-upright": false,
      "text-allow-overlap": true,
      "text-ignore-placement": true,
    },
    paint: {
      "text-color": colour("--ink-2"),
      "text-halo-color": colour("--sunken"),
      "text-halo-width": 1.5,
    },
  });
}

/** Which class a feature has in the hour, as a number; -1 for none. */
function grade(layer: Layer, answer: Answer | null, hour: number): ExpressionSpecification {
  if (answer?.clustered) return ["get", "c"];
  const marks = layer.classes.flatMap((_, n) => [n.toString(36), n]);
  if (!marks.length) return ["literal", -1] as unknown as ExpressionSpecification;
  const mark = ["slice", ["coalesce", ["get", "h"], ""], hour, hour + 1];
  return ["match", mark, ...marks, -1] as unknown as ExpressionSpecification;
}

function paint(map: Gl, layer: Layer, answer: Answer | null, hour: number): void {
  const { classes, none } = colours(layer);
  const at = grade(layer, answer, hour);
  const by = (pick: (n: number) => string, other: string): ExpressionSpecification | string =>
    classes.length
      ? (["match", at, ...classes.flatMap((_, n) => [n, pick(n)]), other] as unknown as ExpressionSpecification)
      : other;
  const tint = by((n) => classes[n] ?? none, none);
  const shapes = `${layer.key}/shapes`;
  map.setPaintProperty(`${shapes}/fill`, "fill-color", tint);
  map.setPaintProperty(`${shapes}/line`, "line-color", tint);
  if (layer.symbol === "circle") {
    map.setPaintProperty(layer.key, "circle-color", tint);
    return;
  }
  const image = (n: number): string => `${layer.key}/${n}`;
  [-1, ...classes.keys()].forEach((n) => {
    if (!map.hasImage(image(n))) map.addImage(image(n), symbol(layer, classes[n] ?? none), { pixelRatio: 2 });
  });
  map.setLayoutProperty(layer.key, "icon-image", by(image, image(-1)));
}

/** A square, diamond or triangle of the layer's size, twice as fine as the screen. */
function symbol(layer: Layer, fill: string): ImageData {
  const side = (layer.size + 2) * 2;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  const corners: Record<string, [number, number][]> = {
    square: [[0.12, 0.12], [0.88, 0.12], [0.88, 0.88], [0.12, 0.88]],
    diamond: [[0.5, 0.04], [0.96, 0.5], [0.5, 0.96], [0.04, 0.5]],
    triangle: [[0.5, 0.08], [0.95, 0.9], [0.05, 0.9]],
  };
  pen.beginPath();
  for (const [x, y] of corners[layer.symbol] ?? []) pen.lineTo(x * side, y * side);
  pen.closePath();
  pen.fillStyle = fill;
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = colour("--surface");
  pen.stroke();
  return pen.getImageData(0, 0, side, side);
}
