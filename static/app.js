/* What the pages do beyond plain HTML: keys, one submit at a time, focus on what went wrong. No page needs it. */
(function () {
  "use strict";

  // Letters belong to a field one types into, and to an open dialog; not to a checkbox that happens to have the focus.
  const taken = (target) =>
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog") !== null;
  const rows = () => Array.from(document.querySelectorAll(".rows > .q"));

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[Math.min(all.length - 1, Math.max(0, now + by))] || all[0];
    all.forEach((row) => row.removeAttribute("aria-current"));
    next.setAttribute("aria-current", "true");
    next.querySelector(".pair").focus();
  }

  function current() {
    return rows().find((row) => row.hasAttribute("aria-current"));
  }

  function open(fragment) {
    const row = current();
    if (row) window.location.assign(row.querySelector(".pair").href + fragment);
  }

  const keys = {
    "/": () => document.getElementById("find")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
    n: () => document.querySelector(".acts") && window.location.assign(document.body.dataset.open),
    j: () => step(1),
    k: () => step(-1),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    a: () => (document.getElementById("assess") ? document.getElementById("assess").focus() : open("#assess")),
    d: () => (document.getElementById("dismiss") ? document.getElementById("dismiss").focus() : open("#dismiss")),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || taken(event.target)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // A second click on a slow connection must not save twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    else if (!event.defaultPrevented) form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // How many rows of the queue are ticked.
  function count() {
    const shown = document.querySelector("[data-selected]");
    if (!shown) return;
    const ticked = document.querySelectorAll(".rows > .q input[type=checkbox]:checked").length;
    shown.querySelector("[data-count]").textContent = ticked;
    shown.hidden = !ticked;
  }
  document.addEventListener("change", count);
  document.addEventListener("reset", () => setTimeout(count));
  window.addEventListener("pageshow", count);

  document.querySelector("[data-focus]")?.focus();

  // A fragment that leads into a closed <details> opens it.
  function reveal() {
    const target = window.location.hash.length > 1 && document.getElementById(window.location.hash.slice(1));
    const fold = target && target.closest("details");
    if (fold) fold.open = true;
  }
  window.addEventListener("hashchange", reveal);
  reveal();
})();
