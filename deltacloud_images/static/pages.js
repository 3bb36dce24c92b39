// Comfort only: every page works without it.
"use strict";

const say = (text) => {
  document.getElementById("said").textContent = text;
};

// A box that narrows the rows of a table as one types.
const box = document.getElementById("narrow");
if (box) {
  const rows = [...document.querySelectorAll("table.list tbody tr")];
  const counted = document.getElementById("narrowed");
  let texts;
  let waiting = 0;
  let telling = 0;
  const narrow = () => {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const wanted = words.every((word) => texts[index].includes(word));
      if (row.hidden === wanted) row.hidden = !wanted;
      shown += wanted;
    });
    counted.textContent = words.length ? `, ${shown.toLocaleString("en")} shown` : "";
    clearTimeout(telling);
    telling = setTimeout(() => say(words.length ? `${shown} rows shown` : ""), 600);
  };
  box.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(narrow);
  });
  box.closest("[hidden]").hidden = false;
  if (box.value) narrow();
}

// Going back to a form shows what had been typed into its folded part.
addEventListener("pageshow", () => {
  for (const part of document.querySelectorAll("form > details"))
    part.open ||= [...part.querySelectorAll("input, textarea")].some((field) =>
      field.type === "checkbox" ? field.checked : field.value);
});

// While something is in the making, looks again and puts in what is new, so that neither focus nor place is lost.
const look = async (address) => {
  let again = 2000;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const progress = fresh.querySelector("[data-watch]");
    const elapsed = document.querySelector("[data-watch] .elapsed");
    if (progress) {
      if (elapsed) elapsed.textContent = progress.querySelector(".elapsed")?.textContent ?? "";
    } else if (answer.ok || answer.status === 404) {
      again = 0;
      const main = document.getElementById("main");
      const focused = main.contains(document.activeElement);
      main.replaceChildren(...document.importNode(fresh.getElementById("main"), true).childNodes);
      document.title = fresh.title;
      if (focused) main.focus();
      say((main.querySelector("[data-said]") ?? main.querySelector("h1")).textContent.trim());
    }
  } catch {
    again = 5000; // the server does not answer: it may be back soon
  }
  if (again) setTimeout(look, again, address);
};
const watched = document.querySelector("[data-watch]");
if (watched) setTimeout(look, 2000, watched.dataset.watch);
