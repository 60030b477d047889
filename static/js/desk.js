// The welcome desk in the browser: camera and photo, an answer at once with or without network, scans sent later.
// Without this file the page works as a form.

import { answerAlone } from "./desk-badges.js";
import { SignedOut, Store, ask, sendWaiting } from "./desk-store.js";

const page = document.getElementById("desk");
const say = page.dataset;
const form = document.getElementById("scan");
const code = document.getElementById("code");
const deskName = document.getElementById("desk-name");
const verdict = document.getElementById("verdict");
const state = document.getElementById("state");
const store = new Store(say.edition);
const roles = JSON.parse(say.roles);
let reachable = navigator.onLine;
let signedOut = false;

const KEPT_FOR_LATER = new Set(["welcome", "later", "revoked", "other_edition"]);
const AGAIN = 15000; // milliseconds between attempts to send

function show(told) {
  const template = document.querySelector(`template[data-verdict="${told.result}"]`);
  const shown = template.content.cloneNode(true);
  for (const slot of shown.querySelectorAll("[data-slot]")) {
    const text = told[slot.dataset.slot] ?? "";
    slot.textContent = text;
    slot.hidden = !text;
  }
  verdict.replaceChildren(shown);
  verdict.scrollIntoView({ block: "nearest" });
  navigator.vibrate?.(told.result === "welcome" ? 80 : [80, 60, 80]);
}

function tellState(text = "") {
  const waiting = store.waiting.length, list = store.list;
  const parts = [reachable ? `● ${say.sayOnline}` : `○ ${say.sayOffline}`];
  if (waiting) parts.push(`${say.sayKept} ${waiting}`);
  parts.push(list ? `${say.sayList} ${list.made} (${list.badges.length})` : say.sayNolist);
  if (signedOut && waiting) parts.push(`▲ ${say.saySignin}`);
  if (text) parts.push(text);
  state.textContent = parts.join(" · ");
  state.classList.toggle("offline", !reachable);
  state.hidden = false;
  document.getElementById("forget").hidden = !list;
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
}

const hour = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

async function scanned(text) {
  const scan = { scan_key: newKey(), code: text, at: Date.now(), desk: deskName.value.trim() };
  localStorage.setItem("teranga-desk-name", scan.desk);
  try {
    const [answer] = await ask(say.scans, scan.desk, [scan]);
    reachable = true;
    signedOut = false;
    if (answer.result === "welcome") store.arrive(answer.serial, answer.at, answer.desk);
    show(answer);
    if (store.waiting.length) send();
  } catch (problem) {
    signedOut = problem instanceof SignedOut;
    reachable = signedOut;
    await scannedAlone({ ...scan, offline: true });
  }
  tellState();
}

async function scannedAlone(scan) {
  const answer = await answerAlone(scan.code, say.edition, store.list, store.arrived);
  if (KEPT_FOR_LATER.has(answer.result)) store.keep(scan);
  if (answer.result === "welcome") store.arrive(answer.serial, hour(), scan.desk);
  if (answer.role) answer.role_label = roles[answer.role];
  show(answer);
}

// One sender for all tabs of this device, where the browser has locks.
const alone = (work) => (navigator.locks ? navigator.locks.request(store.name, { ifAvailable: true }, (lock) => lock && work()) : work());

function send() {
  return alone(async () => {
    try {
      await sendWaiting(store, say.scans, tellLookAgain);
      reachable = true;
      signedOut = false;
    } catch (problem) {
      signedOut = problem instanceof SignedOut;
      if (!signedOut) reachable = false;
    }
    tellState();
  });
}

function tellLookAgain(scan, answer) {
  if (answer.result === "welcome" || answer.result === "already_in") return;
  const told = document.getElementById("told");
  const template = document.querySelector(`template[data-verdict="${answer.result}"]`);
  const item = document.createElement("li");
  const word = template.content.querySelector(".word").textContent;
  item.textContent = [answer.name || answer.seat || scan.code.slice(0, 12), word, answer.at, answer.desk].filter(Boolean).join(" · ");
  told.querySelector("ul").append(item);
  told.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = code.value.trim();
  if (!typed) return;
  code.value = "";
  code.focus();
  scanned(typed);
});

// Camera and photo -----------------------------------------------------------------------------------------

let scanner = null, last = { text: "", at: 0 };

async function reader() {
  const { default: QrScanner } = await import(say.scanner);
  return QrScanner;
}

/** The whole height of the picture, fine enough for a badge's code held at arm's length. */
function middle({ videoWidth, videoHeight }) {
  const side = Math.min(videoWidth, videoHeight), fine = Math.min(side, 800);
  return {
    x: (videoWidth - side) / 2, y: (videoHeight - side) / 2, width: side, height: side,
    downScaledWidth: fine, downScaledHeight: fine,
  };
}

async function toggleCamera(button) {
  const video = document.getElementById("viewfinder");
  if (scanner) {
    scanner.destroy();
    scanner = null;
  } else {
    try {
      const QrScanner = await reader();
      video.hidden = false;
      const options = { returnDetailedScanResult: true, maxScansPerSecond: 8, calculateScanRegion: middle };
      scanner = new QrScanner(video, ({ data }) => seen(data), options);
      await scanner.start();
    } catch {
      scanner?.destroy();
      scanner = null;
      tellState(say.sayNocamera);
    }
  }
  video.hidden = !scanner;
  button.setAttribute("aria-pressed", String(Boolean(scanner)));
}

/** The camera sees one badge many times: it is one scan until another badge, or some seconds, came between. */
function seen(text) {
  const now = Date.now(), same = text === last.text && now - last.at < 5000;
  last = { text, at: now };
  if (!same) scanned(text);
}

async function photo(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  try {
    const QrScanner = await reader();
    const { data } = await QrScanner.scanImage(file, { returnDetailedScanResult: true, alsoTryWithoutScanRegion: true });
    scanned(data);
  } catch {
    tellState(say.sayNothing);
  }
}

// The list, and the page itself, kept for the hours without network -------------------------------------------

async function keepList() {
  try {
    const response = await fetch(say.roster, { redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    store.list = await response.json();
    reachable = true;
  } catch {
    reachable = false;
  }
  tellState();
}

async function keepPage() {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  try {
    await navigator.serviceWorker.register(say.worker, { scope: "/check-in/" });
    const ready = await navigator.serviceWorker.ready;
    const used = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon]")].map((link) => link.href);
    const modules = ["./desk.js", "./desk-badges.js", "./desk-store.js"].map((name) => new URL(name, import.meta.url).href);
    const images = [...document.images].map((image) => image.src);
    ready.active.postMessage({
      page: location.pathname,
      parts: [...new Set([...used, ...modules, ...images, new URL(say.scanner, location).href, new URL(say.scannerWorker, location).href])],
    });
  } catch {
    // Without a worker the page has to stay open; everything else works.
  }
}

function start() {
  document.getElementById("camera").hidden = !navigator.mediaDevices?.getUserMedia;
  document.getElementById("photo-label").hidden = false;
  document.getElementById("keep-item").hidden = false;
  deskName.value ||= localStorage.getItem("teranga-desk-name") ?? "";
  document.getElementById("camera").addEventListener("click", (event) => toggleCamera(event.currentTarget));
  document.getElementById("photo").addEventListener("change", (event) => photo(event.currentTarget));
  document.getElementById("keep").addEventListener("click", keepList);
  document.getElementById("forget").addEventListener("click", () => {
    store.forget();
    tellState();
  });
  window.addEventListener("online", send);
  window.addEventListener("offline", () => {
    reachable = false;
    tellState();
  });
  setInterval(() => store.waiting.length && send(), AGAIN);
  tellState();
  if (store.waiting.length) send();
  keepPage();
  page.dataset.ready = "yes";
}

start();
