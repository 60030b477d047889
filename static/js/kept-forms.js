// Forms that survive the network: what is typed and photographed stays in this browser (IndexedDB) until the
// server has answered, and is sent once: every form carries its own key. Nothing here decides anything;
// without this file the forms post as forms do.
//
// A form takes part with data-keep="NAME"; the element #kept holds the sentences, and the owner, so that
// nobody's words are sent by somebody else who signs in on the same phone.

const box = document.getElementById("kept");
const say = box.dataset;
const list = box.querySelector("ul");
const state = box.querySelector("[role=status]");
const LONGEST_SIDE = 2000; // pixels of a photograph: a receipt can be read, and prepaid data is spared
const LARGE = 400_000; // bytes from which a photograph is made smaller

// The store: one record a form that waits, one a form that is being typed -----------------------------------

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open("teranga-forms", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("kept", { keyPath: "id" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function stored(mode, work) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("kept", mode, { durability: "strict" });
    const request = work(transaction.objectStore("kept"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

const put = (record) => stored("readwrite", (store) => store.put(record));
const drop = (id) => stored("readwrite", (store) => store.delete(id));
const get = (id) => stored("readonly", (store) => store.get(id));
const waiting = async () => (await stored("readonly", (store) => store.getAll()))
  .filter((one) => one.owner === say.owner && one.waits)
  .sort((a, b) => a.at - b.at);

// What a form holds -------------------------------------------------------------------------------------------

async function smaller(file) {
  if (!file.type.startsWith("image/") || file.size < LARGE) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const drawn = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
    return drawn && drawn.size < file.size ? new File([drawn], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" }) : file;
  } catch {
    return file; // what this browser cannot draw, the server looks at
  }
}

async function held(form) {
  const fields = [];
  for (const [name, value] of new FormData(form)) {
    if (name === "csrf_token") continue;
    if (!(value instanceof File)) fields.push([name, value]);
    else if (value.size) fields.push([name, await smaller(value)]);
  }
  return fields;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const spoken = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });
const day = (iso) => spoken.format(new Date(iso)).replace(/^1 (?=\p{L})/u, spoken.resolvedOptions().locale.startsWith("fr") ? "1er " : "1 ");
const UNSAID = ["submission_key", "claim_key", "currency", "advance", "category", "missing_reason", "seats"];
const words = (fields) => fields.filter(([name, value]) => typeof value === "string" && value && !UNSAID.includes(name)).map(([, value]) => DAY.test(value) ? day(value) : value).join(" · ");

function fill(form, fields) {
  for (const one of form.elements) if (one.type === "checkbox") one.checked = false;
  for (const [name, value] of fields) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (value instanceof File) {
      const carried = new DataTransfer();
      carried.items.add(value);
      field.files = carried.files;
    } else if (field instanceof RadioNodeList || field.type === "checkbox") {
      for (const one of field instanceof RadioNodeList ? field : [field]) if (one.value === value) one.checked = true;
    } else field.value = value;
  }
}

// Sending ----------------------------------------------------------------------------------------------------

class SignedOut extends Error {}

/** A token of today for what was typed yesterday. */
async function token(page) {
  const response = await fetch(page, { redirect: "manual" });
  if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) return null;
  const html = new DOMParser().parseFromString(await response.text(), "text/html");
  return html.querySelector("[name=csrf_token]")?.value ?? null;
}

async function send(record) {
  const csrf = await token(record.page);
  if (csrf === null) return { ok: false, why: say.refused };
  const body = new FormData();
  body.append("csrf_token", csrf);
  for (const [name, value] of record.fields) body.append(name, value, ...(value instanceof File ? [value.name] : []));
  const response = await fetch(record.action, { method: "POST", body });
  if (response.status >= 500) throw new TypeError("the server is not well");
  const html = new DOMParser().parseFromString(await response.text(), "text/html");
  const error = [".flash.error", ".summary-errors li", "main .error"].map((where) => html.querySelector(where)).find(Boolean);
  const at = [...html.querySelectorAll(`form[data-keep="${record.name}"] .error[id]`)].map((one) => [one.id, one.textContent]);
  if (response.ok && response.redirected) {
    const { pathname } = new URL(response.url);
    if (pathname !== record.page && !(record.lands && pathname.startsWith(record.lands))) throw new SignedOut();
    if (!html.querySelector(".flash.error")) return { ok: true, at: pathname };
  }
  return { ok: false, why: error?.textContent.trim() || say.refused, at };
}

const AGAIN = 20_000; // milliseconds between attempts
let last = Promise.resolve();

/** Send what waits, the oldest first, one after the other, one page at a time; tells where the last one landed. */
function sendAll() {
  const work = () => navigator.locks ? navigator.locks.request("teranga-forms", sendInTurn) : sendInTurn();
  last = last.then(work, work);
  return last;
}

async function sendInTurn() {
  let landed = "";
  try {
    for (const record of await waiting()) {
      if (record.why) continue;
      const answer = await send(record);
      if (answer.ok) {
        await drop(record.id);
        landed = answer.at;
      } else await put({ ...record, why: answer.why, errors: answer.at });
    }
    await tell(navigator.onLine ? "" : say.offline);
  } catch (problem) {
    await tell(problem instanceof SignedOut ? say.signin : say.offline);
  }
  return landed;
}

/** Show what became of it, unless something more is being typed here. */
async function sendAndShow() {
  const landed = await sendAll();
  if (landed) location.assign(landed);
}

// What the page says -----------------------------------------------------------------------------------------

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet small";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

async function tell(text) {
  const records = await waiting();
  box.hidden = !records.length;
  state.textContent = records.length ? text : "";
  list.replaceChildren(...records.map((record) => {
    const item = document.createElement("li");
    const photographs = record.fields.filter(([, value]) => value instanceof File).length;
    item.append(`${record.label ?? words(record.fields)}${photographs ? ` · ${say.photo}` : ""} `);
    if (record.why) {
      const why = document.createElement("p");
      why.className = "late s";
      why.textContent = record.why;
      item.append(why, button(say.again, () => back(record)), " ", button(say.forget, () => forget(record)));
    }
    return item;
  }));
}

/** A form that the server did not accept goes back where it was typed, to be corrected. */
async function back(record) {
  if (record.page !== say.page) return location.assign(record.page);
  const form = document.querySelector(`form[data-keep="${record.name}"]`);
  if (!form) return location.assign(record.page);
  correct(form, record);
  form.scrollIntoView({ block: "start" });
}

const ids = new Map(); // form → the id of the record that it becomes when it is sent
const typing = (name) => `typing:${say.owner}:${say.page}:${name}`;

/** What was refused stands in its form until it is corrected there or forgotten: the two are one record. */
function correct(form, record) {
  fill(form, record.fields);
  ids.set(form, record.id);
  refuse(form, record.errors);
}

async function forget(record) {
  await drop(record.id);
  for (const [form] of [...ids].filter(([, id]) => id === record.id)) {
    await drop(typing(record.name));
    form.reset();
    refuse(form, []);
    ids.set(form, crypto.randomUUID());
  }
  await tell("");
}

/** Each refusal stands at its field, as the server's own page has it. */
function refuse(form, errors = []) {
  for (const one of form.querySelectorAll(".error")) one.remove();
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const [id, text] of errors) {
    const field = form.querySelector(`#${id.replace(/-error$/, "")}`);
    if (!field) continue;
    const error = document.createElement("p");
    Object.assign(error, { className: "error", id, textContent: text });
    (field.closest(".field, fieldset") ?? form).append(error);
    field.setAttribute("aria-invalid", "true");
    const words = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(id);
    field.setAttribute("aria-describedby", [...words].join(" "));
  }
}

// A claim that is not begun yet: its lines wait together ------------------------------------------------------

const KEYS = ["submission_key", "claim_key"];

function renew(form, name) {
  const key = form.elements.namedItem(name);
  if (key) key.value = crypto.randomUUID().replaceAll("-", "");
}

/** A further line belongs to the claim whose lines wait here already, until another one is begun. */
async function goOn(form) {
  const another = form.querySelector("[data-another]");
  if (!another) return;
  const before = (await waiting()).filter((one) => one.page === say.page && one.name === form.dataset.keep).at(-1);
  another.hidden = !before;
  if (!before) return;
  for (const one of form.elements) {
    const said = before.fields.find(([name]) => name === one.name);
    if (one.dataset.stays !== undefined && said) one.value = said[1];
  }
  another.onclick = () => {
    renew(form, "claim_key");
    form.elements.namedItem("title").value = "";
    form.elements.namedItem("title").focus();
    another.hidden = true;
  };
}

// The forms of this page --------------------------------------------------------------------------------------

for (const form of document.querySelectorAll("form[data-keep]")) {
  const name = form.dataset.keep;
  const typed = () => [...form.elements].some((one) => one.defaultValue !== undefined && one.type !== "hidden" && one.type !== "submit" && one.value !== one.defaultValue);

  ids.set(form, crypto.randomUUID());
  renew(form, "submission_key"); // a page that was kept has been sent from before
  renew(form, "claim_key");
  get(typing(name)).then(async (draft) => {
    const refused = (await waiting()).filter((one) => one.why && one.page === say.page && one.name === name).at(-1);
    const free = !typed() && !form.querySelector(".error");
    if (free && draft) {
      fill(form, draft.fields.filter(([field]) => !KEYS.includes(field)));
      ids.set(form, draft.becomes ?? ids.get(form));
    } else if (free && refused) correct(form, refused);
    await goOn(form);
  });
  form.addEventListener("change", async () => put({ id: typing(name), owner: say.owner, becomes: ids.get(form), fields: await held(form), at: Date.now(), waits: false }));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const press = form.querySelector("[type=submit], button:not([type])");
    press.disabled = true;
    const record = { id: ids.get(form), owner: say.owner, name, label: form.dataset.label, action: form.action, page: say.page, lands: form.dataset.lands, fields: await held(form), at: Date.now(), waits: true };
    try {
      await put(record);
    } catch {
      return form.submit(); // nowhere to keep it: as a form does
    }
    await drop(typing(name));
    const landed = await sendAll();
    if (landed) return location.assign(landed);
    press.disabled = false;
    const now = await get(record.id);
    refuse(form, now?.errors);
    if (now?.why) return form.querySelector("[aria-invalid]")?.focus();
    const stays = [...form.elements].filter((one) => one.dataset.stays !== undefined).map((one) => [one, one.value]);
    form.reset();
    for (const [one, value] of stays) one.value = value;
    renew(form, "submission_key");
    ids.set(form, crypto.randomUUID());
    await goOn(form);
    box.scrollIntoView({ block: "nearest" });
  });
}

box.querySelector("[data-send]").addEventListener("click", sendAndShow);
window.addEventListener("online", sendAndShow);
setInterval(async () => { if (navigator.onLine && (await waiting()).some((one) => !one.why)) sendAndShow(); }, AGAIN);
window.addEventListener("offline", () => tell(say.offline));
tell("").then(sendAndShow);

/** The empty form, kept so that it opens where there is no network. */
async function keepPage() {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  try {
    await navigator.serviceWorker.register(say.worker, { scope: "/delegations/" });
    const { active } = await navigator.serviceWorker.ready;
    const used = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((one) => one.href || one.src);
    if (say.line) active.postMessage({ page: say.line, parts: used });
  } catch {
    // Without a worker the page has to stay open; everything else works.
  }
}
keepPage();
