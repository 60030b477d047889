// The service worker of /check-in/ and of /delegations/: the desk's page opens without network, and a claim
// that is being written, or a new one, opens as its empty form. The page tells what it is made of; answers about people, and
// what a claim says, are never kept here.

const KEPT = "teranga-desk-page";
const PAGES = [/^\/check-in\/[^/]+$/, /^\/delegations\/[^/]+\/claims(\/(new|\d+)(\/line)?)?$/];
const INSTEAD = ["/line", "/new/line"]; // the empty form where a page of claims cannot open
const CLOSED = [({ type }) => type === "opaqueredirect", ({ status }) => [401, 403, 404].includes(status)];
const PATIENCE = 3000; // milliseconds until the kept page is shown instead of a slow network's

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const { page, parts } = event.data;
  event.waitUntil(
    caches.open(KEPT).then(async (cache) => {
      await Promise.all(parts.map((url) => keep(cache, url)));
      await keep(cache, page); // last: a page that opens has what it is made of
      event.source?.postMessage("kept");
    }),
  );
});

async function keep(cache, url) {
  const response = await fetch(url, { cache: "reload" }).catch(() => null);
  if (response?.ok && !response.redirected) await cache.put(url, response);
}

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { pathname, origin } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  const ours = mode === "navigate" && PAGES.some((page) => page.test(pathname));
  if (ours || pathname.startsWith("/static/")) event.respondWith(networkFirst(event.request, pathname));
});

async function networkFirst(request, pathname) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true }) ?? (await cache.match(pathname, { ignoreVary: true }));
  try {
    const signal = kept && request.mode !== "navigate" ? AbortSignal.timeout(PATIENCE) : undefined;
    const answer = fetch(request, signal ? { signal } : undefined).then(async (response) => {
      if (kept && CLOSED.some((closed) => closed(response))) await cache.delete(kept.url, { ignoreVary: true });
      return response;
    });
    return await patient(answer, kept);
  } catch (problem) {
    if (kept) return kept;
    for (const form of INSTEAD) {
      const instead = await cache.match(`${pathname}${form}`, { ignoreVary: true });
      if (instead) return instead;
    }
    throw problem;
  }
}

/** The network's answer, unless it takes too long and there is a kept one. */
function patient(answer, kept) {
  if (!kept) return answer;
  return Promise.race([answer, new Promise((resolve) => setTimeout(resolve, PATIENCE, kept))]);
}
