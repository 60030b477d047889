// What a desk keeps on its device for one edition: the list, who arrived here, and the scans still to be sent.
// A scan is kept before it is answered, and forgotten only once the server has acknowledged its key.

export class Store {
  constructor(edition) {
    this.name = `teranga-desk-${edition}`;
  }

  read(what, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`${this.name}-${what}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  write(what, value) {
    localStorage.setItem(`${this.name}-${what}`, JSON.stringify(value));
  }

  get list() { return this.read("list", null); }
  set list(value) { this.write("list", value); }
  get arrived() { return this.read("arrived", {}); }
  get waiting() { return this.read("waiting", []); }

  arrive(serial, at, desk) {
    if (serial) this.write("arrived", { ...this.arrived, [serial]: { at, desk } });
  }

  keep(scan) {
    this.write("waiting", [...this.waiting, scan]);
  }

  acknowledge(keys) {
    const told = new Set(keys);
    this.write("waiting", this.waiting.filter((scan) => !told.has(scan.scan_key)));
  }

  forget() {
    for (const what of ["list", "arrived"]) localStorage.removeItem(`${this.name}-${what}`);
  }
}

const PATIENCE = 4000; // milliseconds that a volunteer waits with somebody at the door
const MOST_AT_ONCE = 50;

/** Thrown when the server is there but wants us to sign in. */
export class SignedOut extends Error {}

/** The server's answers to these scans, in their order. Throws when there is no answer to be had now. */
export async function ask(url, desk, scans) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      desk,
      scans: scans.map(({ scan_key, code, at, desk: where, offline }) => ({
        scan_key, code, offline: Boolean(offline), desk: where ?? desk,
        ago: Math.max(0, (Date.now() - at) / 1000),
      })),
    }),
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE * (scans.length > 1 ? 5 : 1)),
  });
  if (response.type === "opaqueredirect" || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).answers;
}

/** Send what waits, oldest first; calls `told(scan, answer)` for each acknowledged. Throws as `ask`. */
export async function sendWaiting(store, url, told) {
  for (;;) {
    const some = store.waiting.slice(0, MOST_AT_ONCE);
    if (!some.length) return;
    const answers = await ask(url, "", some);
    const byKey = new Map(answers.map((answer) => [answer.scan_key, answer]));
    store.acknowledge(byKey.keys());
    for (const scan of some) if (byKey.has(scan.scan_key)) told(scan, byKey.get(scan.scan_key));
  }
}
