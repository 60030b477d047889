// Reads badge codes without the server: the byte format of events/badge_codes.py, verified with WebCrypto where
// the browser knows Ed25519, otherwise compared with the list kept on this device.

const PREFIX = "TG1-";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SHORT = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const SIGNATURE = 64;
const NUMBERS = 16; // serial and expiry, four bytes each, then eight of the token

function bytesOf(text) {
  const bytes = [];
  let held = 0, bits = 0;
  for (const character of text) {
    const value = BASE32.indexOf(character);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 && bits < 5 ? new Uint8Array(bytes) : null;
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What a signed code pretends, with what is needed to verify it; null when it has not the form of one. */
export function claimOf(text) {
  if (!text.startsWith(PREFIX)) return null;
  const body = bytesOf(text.slice(PREFIX.length));
  if (!body || body.length <= 1 + NUMBERS + SIGNATURE) return null;
  const payload = body.slice(0, -SIGNATURE);
  if (payload.length !== 1 + payload[0] + NUMBERS) return null;
  const numbers = new DataView(payload.buffer, payload.length - NUMBERS);
  const signed = new Uint8Array(PREFIX.length + payload.length);
  signed.set(new TextEncoder().encode(PREFIX));
  signed.set(payload, PREFIX.length);
  return {
    edition: String.fromCharCode(...payload.slice(1, 1 + payload[0])),
    serial: numbers.getUint32(0),
    token: hex(payload.slice(-8)),
    signed,
    signature: body.slice(-SIGNATURE),
  };
}

/** true or false by the edition's public key (a JWK); null where this browser cannot tell. */
export async function signedBy(claim, jwk) {
  try {
    const key = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, claim.signature, claim.signed);
  } catch {
    return null;
  }
}

/** The digest under which the list knows a token. */
export async function digestOf(token) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return hex(new Uint8Array(digest)).slice(0, 16);
}

/** What a person typed as a short code, or null for a typing mistake. */
export function shortCode(text) {
  const code = text.replace(/[\s-]/g, "").toUpperCase();
  if (code.length !== 8) return null;
  const digits = Array.from(code, (character) => SHORT.indexOf(character));
  if (digits.includes(-1)) return null;
  const sum = digits.slice(0, -1).reduce((total, digit, at) => total + (at + 1) * digit, 0);
  return (sum + digits[7]) % SHORT.length === 0 ? code : null;
}

/** The desk's answer without network: {result, …} like the server's. `list` is null where none is kept;
 * `arrived` tells the arrivals that this device knows by serial. */
export async function answerAlone(text, edition, list, arrived) {
  const found = await look(text.trim(), edition, list);
  if (!found.badge) return { result: found.result, serial: found.serial ?? 0 };
  const badge = found.badge;
  const here = arrived[badge.serial] || (badge.at ? { at: badge.at, desk: badge.desk } : null);
  const told = { serial: badge.serial, role: badge.role, delegation: badge.delegation, seat: badge.seat };
  if (!badge.good) return { ...told, role: "", result: "revoked" };
  return { ...told, name: badge.name, result: here ? "already_in" : "welcome", ...here };
}

async function look(text, edition, list) {
  if (!text.startsWith(PREFIX)) {
    const code = shortCode(text);
    if (!code) return { result: "unknown" };
    if (!list) return { result: "later" };
    const badge = list.badges.find((one) => one.code === code);
    return badge ? { badge } : { result: "unknown" };
  }
  const claim = claimOf(text);
  if (!claim) return { result: "unknown" };
  if (claim.edition !== edition) return { result: "other_edition" };
  if (!list) return { result: "later" };
  const signed = await signedBy(claim, list.key);
  if (signed === false) return { result: "unknown" };
  const badge = list.badges.find((one) => one.serial === claim.serial);
  if (signed === null) {
    const same = badge && badge.hash === (await digestOf(claim.token));
    return same ? { badge } : { result: "unknown" };
  }
  // Signed by this edition and not on the list: issued after the list was taken.
  return { badge: badge || { serial: claim.serial, good: true, name: "", role: "", delegation: "", seat: "" } };
}
