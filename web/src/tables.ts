// Tables marked data-table: sort by a header, which becomes a button, filter by a field, copy as TSV.
// A cell sorts by its data-value where it has one, else by its text; numbers as numbers.

export function tables(root: HTMLElement): void {
  for (const table of root.querySelectorAll<HTMLTableElement>("table[data-table]")) {
    if (table.dataset.ready) continue;
    table.dataset.ready = "yes";
    for (const head of table.querySelectorAll<HTMLTableCellElement>("th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head));
    }
  }
  for (const field of root.querySelectorAll<HTMLInputElement>("input[data-filter]")) {
    if (field.dataset.ready) continue;
    field.dataset.ready = "yes";
    field.addEventListener("input", () => filter(field));
  }
  for (const button of root.querySelectorAll<HTMLElement>("[data-copy]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.addEventListener("click", () => void copy(button));
  }
}

function sort(table: HTMLTableElement, head: HTMLTableCellElement): void {
  const upward = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", upward ? "ascending" : "descending");
  const body = table.tBodies[0];
  if (!body) return;
  const rows = [...body.rows].map((row) => ({ row, key: key(row.cells[head.cellIndex]) }));
  rows.sort((a, b) => compare(a.key, b.key, upward));
  body.append(...rows.map((item) => item.row));
}

function key(cell: HTMLTableCellElement | undefined): number | string | null {
  const text = (cell?.dataset.value ?? cell?.textContent ?? "").trim();
  if (text === "" || text === "—") return null;
  const number = Number(text.replace(/[%\s]/g, ""));
  return Number.isNaN(number) ? text : number;
}

/** Missing values stay at the bottom whichever way the column is sorted. */
function compare(
  a: number | string | null,
  b: number | string | null,
  upward: boolean,
): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), document.documentElement.lang);
  return upward ? order : -order;
}

function filter(field: HTMLInputElement): void {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const table of document.querySelectorAll<HTMLTableElement>(field.dataset.filter ?? "")) {
    for (const row of table.tBodies[0]?.rows ?? []) {
      const text = (row.textContent ?? "").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  }
}

async function copy(button: HTMLElement): Promise<void> {
  const table = document.querySelector<HTMLTableElement>(button.dataset.copy ?? "");
  if (!table) return;
  const lines = [...table.rows]
    .filter((row) => !row.hidden)
    .map((row) => [...row.cells].map((cell) => (cell.textContent ?? "").trim()).join("\t"));
  await navigator.clipboard.writeText(lines.join("\n"));
  const before = button.textContent;
  button.textContent = button.dataset.done ?? before;
  setTimeout(() => (button.textContent = before), 1500);
}
