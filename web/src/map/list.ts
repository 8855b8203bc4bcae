// The list beside the map: what lies in the frame, the gravest first; each a link to its dossier.
import type { Told } from "./told";

export interface Row {
  id: number;
  name: string;
  code: string;
  look: string;
  class: string;
  grade: number;
}

const MOST = 200;

export function layerList(root: HTMLElement, rows: Row[], clustered: number, told: Told): void {
  const list = root.querySelector<HTMLElement>("#map-rows");
  const more = root.querySelector<HTMLElement>("#map-more");
  if (!list || !more) return;
  const grade = (row: Row): number => (Number.isNaN(row.grade) ? -1 : row.grade);
  const sorted = [...rows].sort((a, b) => grade(b) - grade(a));
  list.replaceChildren(...sorted.slice(0, MOST).map(item));
  const left = rows.length - MOST;
  more.textContent = clustered
    ? (told.text.zoom_in ?? "")
    : left > 0
      ? (told.text.more ?? "").replace("{count}", String(left))
      : rows.length
        ? ""
        : (told.text.none_here ?? "");
}

function item(row: Row): HTMLElement {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/object/${row.id}`;
  link.dataset.drawer = "";
  const code = document.createElement("span");
  code.className = "unit";
  code.textContent = row.code;
  link.append(row.name, code);
  if (row.class) {
    const chip = document.createElement("span");
    chip.className = `level ${row.look}`;
    chip.textContent = row.class;
    link.append(chip);
  }
  line.append(link);
  return line;
}
