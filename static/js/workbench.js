// The workbench by keyboard: arrows (or J and K) move between bank lines, Enter accepts the first match, a
// digit that one, A opens another choice, U undoes (on a line that waits: what was matched last). Each form posts as it would without this file; only the
// page around it stays where it is. Nothing here decides anything.
(() => {
  "use strict";
  document.documentElement.classList.add("has-keys");

  const cards = () => [...document.querySelectorAll(".match")];
  const here = () => document.activeElement && document.activeElement.closest(".match");

  function go(card) {
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function first(wanted) {
    const named = wanted
      .map((id) => document.getElementById(id))
      .find((card) => card && card.matches(".match[data-open]"));
    go(named || document.querySelector(".match[data-open]"));
  }

  function step(by) {
    const all = cards();
    const at = all.indexOf(here());
    go(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  async function send(form) {
    const button = form.querySelector("button");
    const card = form.closest(".match");
    const all = cards();
    const after = all.slice(all.indexOf(card)).map((one) => one.id); // this one if it still waits, else the next
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("workbench");
      const old = document.getElementById("workbench");
      if (!answer.ok || !fresh || !old) throw new Error("another page");
      history.replaceState(null, "", answer.url);
      document.querySelectorAll("main > .flash").forEach((one) => one.remove());
      const main = document.querySelector("main");
      [...page.querySelectorAll("main > .flash")].reverse().forEach((one) => main.prepend(one));
      old.replaceWith(fresh);
      first(after);
    } catch (_error) {
      button.disabled = false;
      form.submit();
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("#workbench .match") || !("key" in form.dataset)) return;
    event.preventDefault();
    send(form);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "arrowdown" || key === "j") step(1);
    else if (key === "arrowup" || key === "k") step(-1);
    else {
      const card = here();
      if (!card && key !== "u") return;
      if (key === "enter" && document.activeElement !== card) return;
      const wanted = `[data-key="${CSS.escape(key === "enter" ? "1" : key)}"]`;
      const found = (card && card.querySelector(wanted)) || (key === "u" && document.querySelector(`#just-matched ${wanted}`));
      if (!found) return;
      if (found.tagName === "A") location.assign(found.href);
      else found.requestSubmit();
    }
    event.preventDefault();
  });

  // On a phone nobody has arrow keys: the page opens at its top.
  if (location.hash || matchMedia("(hover: hover)").matches) first([location.hash.slice(1)]);
})();
