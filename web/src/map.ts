// The one map: layers as columns from the server, coloured by the hour of the slider, a list beside
// it that filters with it. The map library comes in a chunk of its own; where WebGL is missing, a
// plain drawing stands in its place.
import { layerList, type Row } from "./map/list";
import type { Answer, Layer, Points, Surface, Told } from "./map/told";

const root = document.getElementById("one-map");
const source = document.getElementById(root?.dataset.told ?? "");
if (root && source) void start(root, JSON.parse(source.textContent ?? "{}") as Told);

async function start(root: HTMLElement, told: Told): Promise<void> {
  const canvas = root.querySelector<HTMLElement>("#map") as HTMLElement;
  const find = root.querySelector<HTMLInputElement>("#map-find");
  const slider = root.querySelector<HTMLInputElement>("#map-hour");
  const fault = root.querySelector<HTMLElement>("#map-fault") as HTMLElement;
  const shown = new Set(told.layers.filter((one) => one.shown).map((one) => one.key));
  const answers = new Map<string, Answer>();
  let asked = 0;

  const open = (id: number): void => {
    const link = document.createElement("a");
    link.href = `/object/${id}`;
    link.dataset.drawer = "";
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
  };
  const surface = await choose(canvas, root.dataset.worker ?? "", told, open, () => void load());
  if (!surface.whole) say(told.text.no_webgl);

  root.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    const key = box.dataset.layer;
    if (!key) return;
    if (box.checked) shown.add(key);
    else shown.delete(key);
    const legend = root.querySelector<HTMLElement>(`[data-legend="${key}"]`);
    if (legend) legend.hidden = !box.checked;
    void load();
  });
  let waiting = 0;
  find?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => void load(), 250);
  });
  if (slider) {
    slider.max = String(told.hours - 1);
    slider.value = slider.max;
    slider.addEventListener("input", () => draw());
    player(root, slider, told, draw);
  }
  for (const button of root.querySelectorAll<HTMLElement>("[data-zoom]"))
    button.addEventListener("click", () => surface.zoom(Number(button.dataset.zoom)));
  await load();

  async function load(): Promise<void> {
    const question = ++asked;
    const frame = surface.frame();
    const wanted = told.layers.filter((one) => shown.has(one.key));
    try {
      const found = await Promise.all(
        wanted.map(async (one) => {
          if (one.answer) return [one.key, one.answer] as const;
          const query = new URLSearchParams({
            layer: one.key,
            bbox: frame.bbox.map((n) => n.toFixed(5)).join(","),
            zoom: frame.zoom.toFixed(2),
            q: find?.value.trim() ?? "",
          });
          const answer = await fetch(`/map/data?${query}`);
          if (!answer.ok) throw new Error(String(answer.status));
          return [one.key, (await answer.json()) as Answer] as const;
        }),
      );
      if (question !== asked) return;
      answers.clear();
      for (const [key, answer] of found) answers.set(key, answer);
      if (surface.whole) fault.hidden = true;
      draw(true);
    } catch {
      if (question === asked) say(told.text.failed);
    }
  }

  function draw(fresh = false): void {
    const hour = Number(slider?.value ?? 0);
    for (const layer of told.layers) surface.put(layer, answers.get(layer.key) ?? null, hour, fresh);
    const rows: Row[] = [];
    let clustered = 0;
    for (const layer of told.layers) {
      const answer = answers.get(layer.key);
      if (answer?.clustered) clustered += answer.counts.reduce((sum, one) => sum + one, 0);
      else if (answer) rows.push(...listed(layer, answer, hour));
    }
    layerList(root, rows, clustered, told);
    const count = document.getElementById("map-count");
    if (count) count.textContent = fill(told.text.points, "count", rows.length + clustered);
    const end = [...answers.values()].map((one) => one.end).find(Boolean) ?? "";
    const time = root.querySelector<HTMLOutputElement>("#map-hour-told");
    const at = end && earlier(end, told.hours - 1 - hour);
    if (time) time.value = at;
    const header = document.getElementById("map-time");
    if (header) header.textContent = at ? fill(told.text.at, "time", at) : "";
  }

  function say(sentence: string | undefined): void {
    fault.textContent = sentence ?? "";
    fault.hidden = false;
  }
}

/** The library where WebGL works, else the plain drawing. */
async function choose(
  canvas: HTMLElement,
  worker: string,
  told: Told,
  open: (id: number) => void,
  moved: () => void,
): Promise<Surface> {
  const probe = document.createElement("canvas");
  if (probe.getContext("webgl2")) {
    try {
      const { surface } = await import("./map/gl");
      return await surface(canvas, worker, told, open, moved);
    } catch (error) {
      console.warn("the WebGL map did not start", error);
      canvas.replaceChildren();
    }
  }
  const { plain } = await import("./map/plain");
  return plain(canvas, told, open);
}

function listed(layer: Layer, answer: Points, hour: number): Row[] {
  return answer.ids.map((id, n) => ({
    id,
    name: answer.names[n] ?? "",
    code: answer.codes[n] ?? "",
    look: layer.classes[parseInt(answer.hours[n]?.[hour] ?? "", 36)]?.look ?? "",
    class: layer.classes[parseInt(answer.hours[n]?.[hour] ?? "", 36)]?.name ?? "",
    grade: parseInt(answer.hours[n]?.[hour] ?? "", 36),
  }));
}

function player(root: HTMLElement, slider: HTMLInputElement, told: Told, draw: () => void): void {
  const button = root.querySelector<HTMLElement>("#map-play");
  let running = 0;
  button?.addEventListener("click", () => {
    if (running) {
      clearInterval(running);
      running = 0;
    } else {
      running = window.setInterval(() => {
        slider.value = String((Number(slider.value) + 1) % told.hours);
        draw();
      }, 400);
    }
    button.textContent = (running ? told.text.pause : told.text.play) ?? "";
  });
}

/** "2015-12-31 24:00"-like civil time, some hours earlier. */
function earlier(end: string, hours: number): string {
  const moment = new Date(`${end.replace(" ", "T")}:00Z`);
  moment.setUTCHours(moment.getUTCHours() - hours);
  return moment.toISOString().slice(0, 16).replace("T", " ");
}

function fill(sentence: string | undefined, name: string, value: unknown): string {
  return (sentence ?? "").replace(`{${name}}`, String(value));
}
