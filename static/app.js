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

  // Drafts: what is typed is kept by the server a moment later. Before a form is sent its draft is, too, so that
  // an expired sign-in or a lost connection is noticed while the words still stand on the page.
  const PAUSE = 1200;
  // A line that is gone is tried again; what was typed stands on the page until then.
  const AGAIN = 5000;

  async function sendDraft(form) {
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body, redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 403) return { out: true };
      if (answer.status >= 500) return { off: true }; // Nothing was kept: stay here, with what is typed.
      return answer.headers.get("content-type")?.includes("json") ? await answer.json() : { refused: true };
    } catch {
      return { off: true };
    }
  }

  // Who signed in again in another window has a new token, which this page does not know yet. Somebody else who signed
  // in there has one as well, and what stands on this page is not theirs to read.
  async function renewToken(form) {
    try {
      const text = await (await fetch("/account/", { redirect: "manual" })).text();
      const page = new DOMParser().parseFromString(text, "text/html");
      if (page.body.dataset.reader !== document.body.dataset.reader) return false;
      const fresh = page.querySelector("[name=csrfmiddlewaretoken]");
      if (fresh) document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => (field.value = fresh.value));
      return Boolean(fresh);
    } catch {
      return false;
    }
  }

  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const state = form.querySelector("[data-draft-state]");
    const signIn = form.querySelector("[data-draft-sign-in]");
    let timer = 0;
    let sending = Promise.resolve({});
    let through = false;
    let unsent = false;

    async function keepNow() {
      clearTimeout(timer);
      timer = 0;
      let answer = await sendDraft(form);
      if (answer.out && (await renewToken(form))) {
        answer = await sendDraft(form);
        delete answer.out; // Signed in: whatever is refused now is said by the page that the form leads to.
      }
      if (answer.seen) form.elements.draft_seen.value = answer.seen;
      unsent = Boolean(answer.off || answer.out || answer.refused);
      if (answer.key) form.elements.draft.value = answer.key;
      if (answer.off) timer = setTimeout(keep, AGAIN);
      if (signIn) signIn.hidden = !answer.out;
      state.textContent = answer.out ? state.dataset.out : answer.off ? state.dataset.off : answer.refused ? state.dataset.refused : answer.text || answer.problem || "";
      return answer;
    }

    // One after the other, or an older text could overtake a newer one.
    const keep = () => (sending = sending.then(keepNow));

    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(keep, PAUSE);
    });
    document.addEventListener("visibilitychange", () => {
      if (timer || unsent) keep();
    });
    // What could not be kept is kept as soon as there is a connection again, without another key being pressed.
    window.addEventListener("online", () => unsent && keep());
    form.addEventListener("submit", async (event) => {
      if (through) return;
      event.preventDefault();
      const answer = await keep();
      if (answer.out || answer.off || answer.refused) return;
      through = true;
      form.requestSubmit(event.submitter);
    });
    window.addEventListener("pageshow", () => (through = false));
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
