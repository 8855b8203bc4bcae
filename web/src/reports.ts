// Forms that are filled in the field: a draft survives no signal and is sent once.
//
// Every change keeps the form (files too) in IndexedDB under its name. Sent without network, it waits
// and goes when the network is back; the hidden `key` lets the server take it once however often it
// arrives. A page works without this script.
type Kept = { url: string; values: [string, FormDataEntryValue][]; waiting: boolean };

const STORE = "drafts";
const SKIPPED = ["csrfmiddlewaretoken", "seen", "key"];

function open(): Promise<IDBDatabase> {
  return new Promise((found, failed) => {
    const asked = indexedDB.open("fenhe", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => found(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function ask<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  return new Promise((found, failed) => {
    const asked = act(database.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => found(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

const keep = (name: string, kept: Kept) => ask("readwrite", (store) => store.put(kept, name));
const forget = (name: string) => ask("readwrite", (store) => store.delete(name));
const read = (name: string) => ask<Kept | undefined>("readonly", (store) => store.get(name));

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-draft]")) void watch(form);

async function watch(form: HTMLFormElement): Promise<void> {
  const name = form.dataset.draft ?? "";
  const state = form.querySelector<HTMLElement>("[data-draft-state]");
  const said = (which: "kept" | "waiting") => {
    if (state) state.textContent = state.dataset[which] ?? "";
  };
  const collected = (waiting: boolean): Kept => ({
    url: form.action,
    values: [...new FormData(form).entries()],
    waiting,
  });

  const before = await read(name);
  if (before?.waiting && navigator.onLine) await send(name, before, form);
  else if (before) {
    restore(form, before);
    said(before.waiting ? "waiting" : "kept");
  }
  if (form.hasAttribute("data-position")) locate(form, state);

  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void keep(name, collected(false)).then(() => said("kept")), 300);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (navigator.onLine) {
      void forget(name);
      return;
    }
    event.preventDefault();
    void keep(name, collected(true)).then(() => said("waiting"));
  });
  window.addEventListener("online", async () => {
    const kept = await read(name);
    if (kept?.waiting) await send(name, kept, form);
  });
}

// The token of the session may have changed since; everything else goes as it was kept.
async function send(name: string, kept: Kept, form: HTMLFormElement): Promise<void> {
  const body = new FormData();
  for (const [key, value] of kept.values) if (key !== "csrfmiddlewaretoken") body.append(key, value);
  body.append("csrfmiddlewaretoken", new FormData(form).get("csrfmiddlewaretoken") ?? "");
  const answer = await fetch(kept.url, { method: "POST", body }).catch(() => null);
  if (!answer) return; // no network after all: it goes on waiting
  if (answer.ok) {
    await forget(name);
    window.location.assign(answer.url);
  } else {
    await keep(name, { ...kept, waiting: false });
    restore(form, kept);
  }
}

function restore(form: HTMLFormElement, kept: Kept): void {
  const details = form.closest("details");
  if (details) details.open = true;
  for (const [key, value] of kept.values) {
    const field = form.elements.namedItem(key);
    if (SKIPPED.includes(key) || typeof value !== "string") continue;
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = field.value === value;
    else if (
      field instanceof HTMLInputElement ||
      field instanceof HTMLTextAreaElement ||
      field instanceof HTMLSelectElement
    )
      if (!(field instanceof HTMLInputElement && field.type === "file")) field.value = value;
  }
}

function locate(form: HTMLFormElement, state: HTMLElement | null): void {
  if (!("geolocation" in navigator) || !state) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = state.dataset.locate ?? "";
  button.addEventListener("click", () =>
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      for (const [name, value] of [
        ["here_longitude", coords.longitude],
        ["here_latitude", coords.latitude],
      ] as const) {
        const field = form.elements.namedItem(name);
        if (field instanceof HTMLInputElement) field.value = value.toFixed(6);
      }
      form.dispatchEvent(new Event("input"));
    }),
  );
  state.before(button);
}
