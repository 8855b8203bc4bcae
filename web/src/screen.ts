// The command screen fetches the part that changes every minute. While the platform does not answer,
// it waits longer and longer, up to ten minutes, and says that what is shown is old; a wall that
// nobody looks at (a hidden tab) asks nothing.
const EVERY = 60_000;
const LONGEST = 600_000;

const wall = document.querySelector<HTMLElement>("[data-refresh]");
const stale = document.querySelector<HTMLElement>("#stale");
let wait = EVERY;

async function refresh(): Promise<void> {
  if (!wall || document.hidden) return;
  try {
    const answer = await fetch(wall.dataset.refresh ?? "", {
      headers: { "HX-Request": "true" },
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    wall.innerHTML = await answer.text();
    if (stale) stale.hidden = true;
    wait = EVERY;
  } catch {
    if (stale) stale.hidden = false;
    wait = Math.min(LONGEST, wait * 2);
  }
}

async function forever(): Promise<void> {
  for (;;) {
    await new Promise((done) => setTimeout(done, wait));
    await refresh();
  }
}

if (wall) void forever();
document.addEventListener("visibilitychange", () => void refresh());
export {};
