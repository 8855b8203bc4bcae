// The alarm desk by keyboard: J and K move through the rows, X chooses, Enter opens, A acknowledges
// what is chosen, M goes to the reason for muting, / to the search. Fields keep their own keys.

const form = document.querySelector<HTMLFormElement>("[data-desk]");
if (form) desk(form);

function desk(form: HTMLFormElement): void {
  const rows = [...form.querySelectorAll<HTMLTableRowElement>("[data-alarm]")];
  const told = form.querySelector<HTMLElement>("[data-chosen]");
  let at = -1;

  const tick = (row: HTMLTableRowElement | undefined): HTMLInputElement | null =>
    row?.querySelector<HTMLInputElement>("input[name=alarm]") ?? null;
  const count = (): void => {
    const chosen = rows.filter((row) => tick(row)?.checked).length;
    if (told) told.textContent = chosen ? (told.dataset.text ?? "").replace("#", String(chosen)) : "";
  };
  const go = (step: number): void => {
    at = Math.max(0, Math.min(rows.length - 1, at + step));
    const row = rows[at];
    row?.querySelector<HTMLAnchorElement>("td.what a")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  const acts: Record<string, () => void> = {
    j: () => go(1),
    k: () => go(-1),
    x: () => tick(rows[at])?.click(),
    a: () => form.querySelector<HTMLButtonElement>("button[value=acknowledge]")?.click(),
    m: () => form.querySelector<HTMLInputElement>("input[name=reason]")?.focus(),
    "/": () => document.querySelector<HTMLInputElement>("input[type=search][name=text]")?.focus(),
  };

  form.addEventListener("change", count);
  form.addEventListener("focusin", (event) => {
    const row = (event.target as Element).closest<HTMLTableRowElement>("[data-alarm]");
    if (row) at = rows.indexOf(row);
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const writing = target.matches("textarea, select, input:not([type=checkbox])");
    if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  count();
}
export {};
