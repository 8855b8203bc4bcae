// Chart pages: each <figure data-chart="id of a JSON script"> becomes a chart; ECharts comes in a
// chunk of its own. The JSON is the page's own numbers, the same that its table shows.
import type { Spec } from "./charts/spec";

const drawn = new Map<HTMLElement, { resize(): void; dispose(): void }>();
drawNew();

/** Draws what is on the page and not yet drawn: the page's own charts, and those of a fragment. */
export function drawNew(): void {
  const waiting = [...document.querySelectorAll<HTMLElement>("[data-chart]")].filter(
    (figure) => !figure.dataset.drawn,
  );
  for (const figure of waiting) figure.dataset.drawn = "yes";
  if (waiting.length) void drawAll(waiting);
}

async function drawAll(figures: HTMLElement[]): Promise<void> {
  const { draw } = await import("./charts/draw");
  for (const [figure, chart] of drawn)
    if (!figure.isConnected) {
      chart.dispose();
      drawn.delete(figure);
    }
  if (!drawn.size) {
    window.addEventListener("resize", resize);
    document.addEventListener("fenhe:shown", resize);
  }
  for (const figure of figures) drawn.set(figure, draw(figure, spec(figure)));
}

function resize(): void {
  for (const [figure, chart] of drawn) if (figure.clientWidth) chart.resize();
}

function spec(figure: HTMLElement): Spec {
  const source = document.getElementById(figure.dataset.chart ?? "");
  return JSON.parse(source?.textContent ?? "{}") as Spec;
}
