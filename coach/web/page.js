/* What the browser does by itself: leave, support, stop, focus, reading aloud. No handler evaluates text. */
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const post = (path, body, extra) =>
    fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}), ...extra });

  /* Leave now: the screen first, then the server's memory, then the address. */
  let neutral = null;
  let leaving = false;
  fetch("/measures").then((reply) => reply.text()).then((text) => { neutral = text; }, () => {});

  /* What one tab does, all do: a second one would still show the conversation. */
  const tabs = new BroadcastChannel("tabs");
  tabs.onmessage = (event) => { if (event.data === "leave") leave(); else if (event.data === "stopped") location.replace("/stopped"); };

  function leave() {
    if (leaving) return;
    leaving = true;
    tabs.postMessage("leave");
    const page = new DOMParser().parseFromString(neutral || "<title>Kitchen measures</title>", "text/html");
    document.documentElement.replaceChildren(document.adoptNode(page.head), document.adoptNode(page.body));
    const go = () => location.replace("/measures");
    const late = setTimeout(go, 800);
    post("/leave", {}, { keepalive: true }).then(go, () => {
      clearTimeout(late); /* nobody answers: stay on the copy that is on screen already */
      history.replaceState(null, "", "/measures");
    });
  }

  /* The browser ends the page's connections itself; Gradio's own way of ending them logs errors. */
  window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);

  const SHIFTS = 3;
  const WITHIN_MS = 2000;
  let presses = [];
  let alone = false;
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Shift") { alone = false; presses = []; } else if (!event.repeat) alone = true;
  }, true);
  window.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    const now = performance.now();
    presses = presses.filter((then) => now - then < WITHIN_MS).concat(now);
    if (presses.length >= SHIFTS) leave();
  }, true);

  /* Support: every country's numbers are in the page, so that they show without the server. */
  function show(country) {
    for (const part of document.querySelectorAll("#support [data-for]")) part.hidden = part.dataset.for !== country;
    for (const choice of document.querySelectorAll("select.country")) choice.value = country;
    const guess = one("#support [data-guess]");
    if (guess) guess.hidden = Boolean(country) || !guess.dataset.guess;
  }

  function choose(country) {
    show(country);
    post("/country", { country }).then(() => { const refresh = one("#refresh"); if (refresh) refresh.click(); }, () => {});
  }

  function offer() {
    const guess = one("#support [data-guess]");
    const here = (guess && guess.dataset.guess) || (navigator.language || "").split("-").pop().toUpperCase();
    const part = one(`#support [data-for="${CSS.escape(here)}"]`);
    if (!guess) return;
    guess.dataset.guess = part && here ? here : "";
    guess.textContent = part ? `This computer is set to ${part.dataset.name}: show the numbers there` : "";
    show(one("#support select.country").value);
  }

  /* The library: shelves, a search, one card. Nothing of it enters the history. */
  const shelf = { back: {}, to: {}, asked: 0, loaded: false };
  const part = (name) => one(`#library [data-${name}]`);

  function look(asked) {
    const number = ++shelf.asked;
    const slow = setTimeout(() => { part("shown").textContent = "Looking through the library…"; }, 400);
    const current = () => number === shelf.asked;
    return post("/library", asked).then((reply) => { if (!reply.ok) throw new Error("refused"); return reply.text(); })
      .finally(() => clearTimeout(slow)).then((html) => {
        if (!current()) return; /* something else was opened meanwhile */
        part("shown").innerHTML = html;
        shelf.loaded = true;
        part("shelves").hidden = !(asked.card || asked.find);
        if (!asked.card) shelf.back = asked;
        shelf.to = asked.card ? shelf.back : {};
        part("shelves").textContent = shelf.to.find ? "Back to what was found" : "All topics";
        one("#library").scrollTo({ top: 0 });
      }).catch(() => { if (current()) part("shown").textContent = "The program does not answer; it may have stopped."; });
  }

  function browse(at) {
    const card = at.closest("[data-card]");
    if (card) look({ card: card.dataset.card });
    else if (at.closest("[data-shelves]")) look(shelf.to);
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-find]")) return;
    event.preventDefault();
    look({ find: one("#find").value });
  });

  /* Focus goes back to the message box after everything that ends in writing. */
  const RETURNS = ["#send", "#stop", "#again", "#edit", "#new", "#back", "#end"];
  const write = () => { const box = one("#text textarea"); if (box) box.focus(); };

  document.addEventListener("click", (event) => {
    const at = event.target;
    if (!(at instanceof Element)) return;
    if (at.closest("[data-leave]")) return leave();
    const opens = at.closest("[data-open]");
    if (opens && opens.dataset.open === "library" && !shelf.loaded) look({});
    if (at.closest("#library")) browse(at);
    if (opens) { const foot = one("#foot:popover-open"); if (foot) foot.hidePopover(); return one("#" + opens.dataset.open).showModal(); }
    if (at.closest("[data-close]") || (at instanceof HTMLDialogElement && outside(at, event))) at.closest("dialog").close();
    if (at.closest("[data-guess]")) choose(at.closest("[data-guess]").dataset.guess);
    if (at.closest("[data-stop]")) end();
    if (RETURNS.some((name) => at.closest(name))) { stick = true; write(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.classList.contains("country")) choose(event.target.value);
  });

  function outside(dialog, event) {
    const box = dialog.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  function end() {
    post("/stop").then((reply) => {
      if (!reply.ok) throw new Error("refused");
      tabs.postMessage("stopped");
      location.replace("/stopped");
    })
      .catch(() => { one("#ending [data-failed]").hidden = false; });
  }

  /* Follow the answer while the reader is at the end; read it aloud by sentence. */
  let stick = true;
  window.addEventListener("scroll", () => {
    const root = document.documentElement;
    const last = [...document.querySelectorAll("#transcript .me")].pop();
    const atStart = last && Math.abs(last.getBoundingClientRect().top - one(".sb-top").offsetHeight - 8) < 24;
    stick = Boolean(atStart) || root.scrollHeight - root.clientHeight - root.scrollTop < 180;
  }, { passive: true });

  let read = { turn: "", text: "", stage: "" };
  function announce(words) {
    const line = document.createElement("p");
    line.textContent = words;
    const region = one("#announce");
    region.append(line);
    while (region.children.length > 12) region.firstElementChild.remove();
  }
  function follow() {
    const parts = document.querySelectorAll("#transcript .turn");
    const last = parts[parts.length - 1];
    const turn = last ? [...last.classList].find((name) => name.startsWith("t-")) : "";
    if (!last) { read = { turn: "", text: "", stage: "" }; one("#announce").replaceChildren(); return; }
    if (turn !== read.turn) read = { turn, text: "", stage: "" };
    const stage = one("#transcript .thinking");
    const doing = stage ? stage.textContent : "";
    if (doing && doing !== read.stage && !read.text) announce(doing);
    read.stage = doing;
    const said = one(`#transcript .${turn}:not(.thinking)`);
    const text = said ? said.innerText : "";
    if (text.length > read.text.length && text.startsWith(read.text)) announce(text.slice(read.text.length).trim());
    else if (text && text !== read.text) announce(text);
    if (text) read.text = text;
    if (stick) keepInView();
  }

  /* To the end of the answer, but never past its beginning: a long one is read from the top. */
  function keepInView() {
    const asked = document.querySelectorAll("#transcript .me");
    const bar = one(".sb-top");
    if (!asked.length) return;
    const start = asked[asked.length - 1].getBoundingClientRect().top + window.scrollY - bar.offsetHeight - 8;
    window.scrollTo({ top: Math.min(start, document.documentElement.scrollHeight) });
  }

  function watch() {
    const place = one("#transcript");
    if (!place) return setTimeout(watch, 60);
    new MutationObserver(follow).observe(place, { childList: true, subtree: true, characterData: true });
  }
  document.addEventListener("DOMContentLoaded", () => { offer(); watch(); });
})();
