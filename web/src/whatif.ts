// "What if": sliders for one place of a ranking table; composite and rank follow as they move.
import { composite, hundredths, rank, type Part } from "./composite";

interface Place {
  id: string;
  name: string;
  values: Record<string, string>;
  hundredths: number | null;
}

interface Given {
  parts: (Part & { step: string; decimals: number })[];
  places: Place[];
  text: { rank: string; none: string };
}

const root = document.querySelector<HTMLElement>("[data-whatif]");
const source = document.getElementById(root?.dataset.whatif ?? "");
if (root && source) start(root, JSON.parse(source.textContent ?? "{}") as Given);

function start(root: HTMLElement, given: Given): void {
  const chooser = root.querySelector<HTMLSelectElement>("select");
  const reset = root.querySelector<HTMLElement>("[data-reset]");
  const place = (): Place | undefined => given.places.find((item) => item.id === chooser?.value);
  const show = (name: string, text: string): void => {
    const node = root.querySelector(`[data-out="${name}"]`);
    if (node) node.textContent = text;
  };
  const slider = (id: string) => root.querySelector<HTMLInputElement>(`input[type=range][name="${id}"]`);
  const box = (id: string) => root.querySelector<HTMLInputElement>(`input[type=number][name="${id}"]`);

  function load(): void {
    const chosen = place();
    for (const part of given.parts) {
      const value = chosen?.values[part.id] ?? "";
      const range = slider(part.id);
      const field = box(part.id);
      if (range) {
        range.max = String(Math.max(2 * Number(value), Number(part.limit)));
        range.value = value;
      }
      if (field) field.value = value;
    }
    update();
  }

  function update(): void {
    const chosen = place();
    if (!chosen) return;
    const values: Record<string, string> = {};
    for (const part of given.parts) {
      const value = box(part.id)?.value ?? "";
      const valid = /^\d+(\.\d+)?$/.test(value) && Number(value) >= 0;
      if (valid) values[part.id] = value;
      const single = valid ? (hundredths(value, part.limit) / 100).toFixed(2) : "—";
      const before = chosen.values[part.id];
      const change = valid && before ? Number(value) - Number(before) : 0;
      show(`single-${part.id}`, single);
      show(`change-${part.id}`, change ? signed(change, part.decimals) : "");
    }
    const others = given.places
      .filter((item) => item.id !== chosen.id && item.hundredths !== null)
      .map((item) => item.hundredths as number);
    const now = composite(values, given.parts);
    report(now, chosen, others);
    buys(values, now, others);
    mark(chosen, now);
  }

  function report(now: number | null, chosen: Place, others: number[]): void {
    const was = chosen.hundredths;
    const of = String(others.length + 1);
    const place = (value: number | null): string =>
      value === null
        ? given.text.none
        : given.text.rank.replace("{rank}", String(rank(value, others))).replace("{of}", of);
    show("composite", now === null ? "—" : (now / 100).toFixed(2));
    show("composite-was", was === null ? "—" : (was / 100).toFixed(2));
    show("composite-change", now === null || was === null || now === was ? "" : signed((now - was) / 100, 2));
    show("rank", place(now));
    show("rank-was", place(was));
  }

  /** What one step less of each pollutant buys, from where the sliders stand. */
  function buys(values: Record<string, string>, now: number | null, others: number[]): void {
    for (const part of given.parts) {
      const less = (Number(values[part.id] ?? "0") - Number(part.step)).toFixed(part.decimals);
      const there = Number(less) < 0 ? null : composite({ ...values, [part.id]: less }, given.parts);
      const gains = there !== null && now !== null;
      show(`buys-${part.id}`, gains && there !== now ? signed((there - now) / 100, 2) : gains ? "0" : "—");
      const places = gains ? rank(there, others) - rank(now, others) : 0;
      show(`buys-rank-${part.id}`, gains ? (places ? signed(places, 0) : "0") : "—");
    }
  }

  /** The table row of the chosen place moves to its new position. */
  function mark(chosen: Place, now: number | null): void {
    for (const row of document.querySelectorAll<HTMLElement>("[data-place]")) {
      row.classList.toggle("chosen", row.dataset.place === chosen.id);
      const cell = row.querySelector("[data-whatif-cell]");
      if (!cell) continue;
      const own = row.dataset.place === chosen.id;
      cell.textContent = own && now !== null && now !== chosen.hundredths ? (now / 100).toFixed(2) : "";
    }
  }

  root.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    const part = given.parts.find((item) => item.id === field.name);
    if (part && field.type === "range") {
      const other = box(part.id);
      if (other) other.value = Number(field.value).toFixed(part.decimals);
    } else if (part) {
      const other = slider(part.id);
      if (other) other.value = field.value;
    }
    if (part) update();
  });
  chooser?.addEventListener("change", load);
  reset?.addEventListener("click", load);
  load();
}

function signed(value: number, decimals: number): string {
  return (value > 0 ? "+" : "−") + Math.abs(value).toFixed(decimals);
}
