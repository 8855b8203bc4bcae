// Check boxes that write one hidden field as a list with commas: columns of a list, series of a
// chart. Without this script the field keeps what the page was made with.

document.addEventListener("change", (event) => {
  const box = event.target as HTMLInputElement;
  const form = box.closest("form");
  const name = box.dataset.join ?? (box.matches("[data-column]") ? "cols" : "");
  if (!form || !name) return;
  const field =
    form.querySelector<HTMLInputElement>(`[data-joined="${name}"]`) ??
    form.querySelector<HTMLInputElement>(`input[type=hidden][name="${name}"]`);
  const boxes = form.querySelectorAll<HTMLInputElement>(
    box.dataset.join ? `[data-join="${name}"]` : "[data-column]",
  );
  if (!field) return;
  const ticked = [...boxes].filter((one) => one.checked).map((one) => one.value);
  const before = field.value.split(",").filter((one) => ticked.includes(one));
  field.value = [...before, ...ticked.filter((one) => !before.includes(one))].join(",");
});

// Rows of a list: up and down move between them, Enter follows the first link.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const link = (event.target as Element).closest<HTMLElement>("table[data-rows] tbody th a");
  if (!step || !link) return;
  const links = [...(link.closest("tbody")?.querySelectorAll<HTMLElement>("th a") ?? [])];
  const next = links[links.indexOf(link) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
