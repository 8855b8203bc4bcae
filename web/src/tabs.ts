// <div role="tablist"> with buttons aria-controls="panel"; without a script both panels are shown.

export function tabs(root: HTMLElement): void {
  for (const list of root.querySelectorAll<HTMLElement>("[role=tablist]")) {
    if (list.dataset.ready) continue;
    list.dataset.ready = "yes";
    const buttons = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    const choose = (chosen: HTMLElement): void => {
      for (const button of buttons) {
        const panel = document.getElementById(button.getAttribute("aria-controls") ?? "");
        button.setAttribute("aria-selected", String(button === chosen));
        button.tabIndex = button === chosen ? 0 : -1;
        if (panel) panel.hidden = button !== chosen;
      }
      document.dispatchEvent(new Event("fenhe:shown"));
    };
    list.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[role=tab]");
      if (button) choose(button);
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const now = buttons.findIndex((button) => button.tabIndex === 0);
      const next = buttons[(now + step + buttons.length) % buttons.length];
      if (next) {
        choose(next);
        next.focus();
      }
    });
    const first = buttons.find((b) => b.getAttribute("aria-selected") === "true") ?? buttons[0];
    if (first) choose(first);
  }
}
