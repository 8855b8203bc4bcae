// The drawing that stands in for the map where there is no WebGL: points and clusters by longitude
// and latitude, each a link. No base layers; the list beside it says the rest.
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

  return {
    whole: false,
    frame: () => ({ bbox, zoom: 6 }),
    zoom: () => undefined,
    put(layer: Layer, answer: Answer | null, hour: number): void {
      groups.get(layer.key)?.remove();
      if (!answer) return;
      const group = document.createElementNS(SVG, "g");
      const { classes, none } = colours(layer);
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
      });
      groups.set(layer.key, group);
      svg.append(group);
    },
  };
}
