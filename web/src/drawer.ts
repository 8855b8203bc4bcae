// Every number is a link (class "why") to its explanation. Here the explanation opens in a drawer
// beside the page; a modified click, or no script, follows the link to a page of its own.
import htmx from "htmx.org";

export function drawer(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#drawer");
  const body = document.querySelector<HTMLElement>("#drawer-body");
  if (!dialog || !body) return;
  let opener: HTMLElement | null = null;
  let asked = 0; // an answer that comes after closing must not open it again

  document.addEventListener("click", async (event) => {
    const target = event.target as Element;
    if (target.closest("[data-close-drawer]")) return close();
    const link = target.closest<HTMLAnchorElement>("a.why, a[data-drawer]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (!dialog.contains(link)) opener = link;
    const question = ++asked;
    await htmx.ajax("GET", link.href, { target: body, swap: "innerHTML" });
    if (question !== asked) return;
    if (!dialog.open) dialog.show();
    dialog.scrollTop = 0;
    dialog.querySelector<HTMLElement>("[data-close-drawer]")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dialog.open) close();
  });

  function close(): void {
    asked++;
    dialog?.close();
    opener?.focus();
  }
}
