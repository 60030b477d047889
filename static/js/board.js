// The seat board: a seat or a person is found by typing, and the bodies a seat waits on filter it without a
// journey to the server. Without this file the same filters are links, and the whole board is there.
(() => {
  "use strict";
  const find = document.getElementById("find-seat");
  const filters = [...document.querySelectorAll(".chosen a")];
  const lines = [...document.querySelectorAll("[data-waits-on]")];
  if (!find || filters.some((one) => one.dataset.move && one.matches("[aria-current]"))) return;

  const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  const words = new Map(lines.map((line) => [line, plain(line.dataset.find)]));
  const told = find.form.querySelector("output");
  let move = "";

  function show() {
    const wanted = plain(find.value).split(/\s+/).filter(Boolean);
    let seats = 0;
    for (const [line, said] of words) {
      const here = (!move || line.dataset.waitsOn === move) && wanted.every((word) => said.includes(word));
      line.hidden = !here;
      if (here && line.matches("li")) seats += 1;
    }
    told.value = `${told.dataset.say} ${seats}`;
  }

  for (const filter of filters) {
    filter.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      move = filter.dataset.move;
      for (const one of filters) one.toggleAttribute("aria-current", one === filter);
      filter.setAttribute("aria-current", "true");
      show();
    });
  }
  find.addEventListener("input", show);
  find.form.addEventListener("submit", (event) => event.preventDefault());
  find.form.hidden = false;
  show();
})();
