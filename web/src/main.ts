// What every page has: htmx for fragments, the explanation drawer, tables that sort and copy, tabs.
// A page works without this script; it only saves the round trip.
import "htmx.org";
import { drawer } from "./drawer";
import "./joined";
import { tables } from "./tables";
import { tabs } from "./tabs";

drawer();
ready(document.body);
document.addEventListener("htmx:after:swap", () => ready(document.body));

document.querySelector(".menu-button")?.addEventListener("click", (event) => {
  const open = document.querySelector(".side")?.classList.toggle("open") ?? false;
  (event.currentTarget as HTMLElement).setAttribute("aria-expanded", String(open));
});

// A menu closes when the person turns to something else.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
    if (!menu.contains(event.target as Node)) menu.open = false;
});

document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  if (field.matches("[data-submit]")) field.closest("form")?.requestSubmit();
});

// A file that is too large is said so before it travels.
document.addEventListener("change", (event) => {
  const field = event.target as HTMLInputElement;
  const most = Number(field.dataset.mostMb) * 1024 * 1024;
  if (!most) return;
  const large = [...(field.files ?? [])].some((file) => file.size > most);
  field.setCustomValidity(large ? (field.dataset.tooLarge ?? "") : "");
  field.reportValidity();
});

function ready(root: HTMLElement): void {
  tables(root);
  tabs(root);
  if (root.querySelector("[data-chart]")) void import("./chart").then((chart) => chart.drawNew());
}
