/* Both sides: one step at a time in the dialog. What was typed is in its own form and nowhere else: no variable
   holds a word or a key, a new step replaces the form, and closing or leaving the page wipes it here and there. */
(() => {
  "use strict";
  const dialog = () => document.querySelector("#both");
  const place = () => document.querySelector("#both [data-view]");
  const step = () => document.querySelector("#both [data-key]");
  const failed = () => document.querySelector("#both [data-failed]");
  const post = (told, extra) => fetch("/both-sides", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told), ...extra });

  let begun = false; /* the private part was entered: what follows it is a fresh page */
  let asked = 0;
  let ticking = 0;

  function wait(on) {
    for (const button of place().querySelectorAll("button:not([data-clock])")) button.disabled = on;
    place().setAttribute("aria-busy", on);
  }

  function go(told) {
    const number = ++asked;
    const current = () => number === asked && dialog() && dialog().open;
    const slow = setTimeout(() => { if (current()) document.querySelector("#both [data-wait]").hidden = false; }, 400);
    failed().hidden = true;
    wait(true);
    post(told).then((reply) => { if (!reply.ok) throw new Error("refused"); return reply.text().then((text) => {
      if (!current()) return;
      if (reply.headers.get("Content-Type").startsWith("text/html")) show(text); else trouble(text);
    }); }).catch(() => { if (current()) trouble(failed().dataset.failed); })
      .finally(() => {
        clearTimeout(slow);
        if (!current()) return;
        document.querySelector("#both [data-wait]").hidden = true;
        wait(false);
      });
  }

  function trouble(words) {
    failed().textContent = words;
    failed().hidden = false;
    failed().scrollIntoView({ block: "nearest" });
  }

  function show(html) {
    clearInterval(ticking);
    place().innerHTML = html;
    dialog().scrollTo({ top: 0 });
    place().querySelector("h3").focus();
  }

  /* Wipes the page's own copy at once, then the server's. */
  function wipe() {
    const at = step();
    const key = at ? at.dataset.key : "";
    asked += 1;
    clearInterval(ticking);
    place().replaceChildren();
    return key ? post({ do: "leave", key }, { keepalive: true }).catch(() => {}) : Promise.resolve();
  }

  function clock(button) {
    clearInterval(ticking);
    const left = button.parentElement.querySelector("[data-left]");
    const over = place().querySelector("[data-over]");
    const end = performance.now() + Number(button.dataset.clock) * 1000;
    over.textContent = "";
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds === 0) { clearInterval(ticking); over.textContent = over.dataset.over; }
    };
    ticking = setInterval(tick, 250);
    tick();
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest('[data-open="both"]')) { go({}); return; }
    const pressed = event.target.closest("#both [data-do]");
    const timer = event.target.closest("#both [data-clock]");
    if (timer) clock(timer);
    if (!pressed) return;
    if (pressed.dataset.do === "end") { dialog().close(); return; }
    begun = begun || pressed.dataset.do === "begin";
    go({ do: pressed.dataset.do });
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#both [data-next]")) return;
    event.preventDefault();
    const at = step().dataset;
    go({ do: "next", key: at.key, step: at.step, turn: at.turn, ...Object.fromEntries(new FormData(event.target)) });
  });

  /* A stray click beside the dialog must not wipe what somebody is writing. */
  document.addEventListener("click", (event) => { if (event.target === dialog()) event.stopPropagation(); }, true);

  document.addEventListener("close", (event) => {
    if (event.target !== dialog()) return;
    const wiped = wipe();
    if (begun) wiped.finally(() => location.reload());
  }, true);

  /* Back, forward, reload and a closed tab: nothing for the browser to keep, nothing to come back to. */
  window.addEventListener("pagehide", () => { if (place()) wipe(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted && begun) location.reload(); });
})();
