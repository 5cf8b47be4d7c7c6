/* Practise: one step at a time in the dialog. The form carries all that was typed, and nothing else does: closing
   keeps it for when one comes back, leaving the page wipes it. */
(() => {
  "use strict";
  const dialog = () => document.querySelector("#practice");
  const part = (name) => document.querySelector(`#practice [data-${name}]`);
  const view = () => part("view");

  let asked = 0;
  let ticking = 0;

  function go(told) {
    const number = ++asked;
    const current = () => number === asked && dialog();
    const slow = setTimeout(() => { if (current()) part("wait").hidden = false; }, 400);
    part("failed").hidden = true;
    wait(true);
    fetch("/practice", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told) })
      .then((reply) => { if (!reply.ok) throw new Error("refused"); return reply.text().then((text) => {
        if (!current()) return;
        if (reply.headers.get("Content-Type").startsWith("text/html")) show(text); else trouble(text);
      }); }).catch(() => { if (current()) trouble(part("failed").dataset.failed); })
      .finally(() => {
        clearTimeout(slow);
        if (!current()) return;
        part("wait").hidden = true;
        wait(false);
      });
  }

  function wait(on) {
    for (const button of view().querySelectorAll("button")) button.disabled = on;
    view().setAttribute("aria-busy", on);
  }

  function trouble(words) {
    part("failed").textContent = words;
    part("failed").hidden = false;
    part("failed").scrollIntoView({ block: "nearest" });
  }

  function show(html) {
    view().innerHTML = html;
    dialog().scrollTo({ top: 0 });
    const note = view().querySelector(".note[role=status]");
    if (note) note.scrollIntoView({ block: "nearest" });
    (note ? view().querySelector("[data-answer]") : view().querySelector("[data-first]")).focus();
    clock();
  }

  /* What stands in the fields of this step: a text, or what is chosen, a line for each group. */
  function typed(form) {
    const chosen = (group) => { const one = group.querySelector("input:checked"); return one ? one.value : ""; };
    return [...form.querySelectorAll("[data-answer]")].map((one) => one.matches("fieldset") ? chosen(one) : one.value).join("\n");
  }

  function press(form, act) {
    const at = Number(form.dataset.at);
    const answers = [...form.querySelectorAll("[data-kept]")].map((one) => one.value);
    if (form.querySelector("[data-answer]")) answers[at] = typed(form);
    go({ exercise: form.dataset.of, at, answers, do: act, safe: "safe" in form.dataset });
  }

  /* The timer stands still while it is paused, or while the dialog is closed or under Support. */
  function clock() {
    clearInterval(ticking);
    const timer = view().querySelector("[data-seconds]");
    if (!timer) return;
    const whole = Number(timer.dataset.seconds);
    let spent = 0;
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      const runs = dialog() && dialog().open && !timer.dataset.paused && !document.querySelector("#support[open]");
      spent += runs ? (now - last) / 1000 : 0;
      last = now;
      const left = Math.max(0, Math.ceil(whole - spent));
      timer.querySelector("progress").value = Math.floor(Math.min(spent, whole));
      timer.querySelector("[data-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left) return;
      clearInterval(ticking);
      if ("goesOn" in timer.dataset) timer.closest("form").requestSubmit();
      else { timer.querySelector("[data-pause]").hidden = true; part("over").textContent = "That is the time. Finish your sentence; Next goes on."; }
    };
    ticking = setInterval(tick, 250);
    tick();
  }

  function pause(button) {
    const timer = button.closest("[data-seconds]");
    if (timer.dataset.paused) delete timer.dataset.paused; else timer.dataset.paused = "yes";
    button.textContent = timer.dataset.paused ? "Go on" : "Pause";
  }

  function copy() {
    const told = (words) => { part("copied").textContent = words; };
    navigator.clipboard.writeText(part("written").innerText)
      .then(() => told("Copied. It stays on the clipboard until you copy something else."),
        () => told("It could not be copied. Select the words and copy them by hand."));
  }

  /* Buttons in the transcript lose their data on the way through Gradio: their class names the exercise. */
  function wanted(at) {
    const marked = at.closest("[data-exercise]");
    if (marked) return marked.dataset.exercise;
    const begins = at.closest("#transcript button.begin");
    const name = begins && [...begins.classList].find((one) => one.startsWith("begin-"));
    return name ? name.slice("begin-".length) : null;
  }

  document.addEventListener("click", (event) => {
    const at = event.target;
    if (!(at instanceof Element)) return;
    const exercise = wanted(at);
    if (exercise !== null) {
      if (!dialog().open) dialog().showModal();
      return go({ exercise });
    }
    if (at.closest('[data-open="practice"]') && !view().firstChild) return go({});
    if (!at.closest("#practice")) return;
    const pressed = at.closest("[data-do]");
    if (pressed) press(pressed.closest("form"), pressed.dataset.do);
    else if (at.closest("[data-pause]")) pause(at.closest("[data-pause]"));
    else if (at.closest("[data-copy]")) copy();
    else if (at.closest("[data-print]")) window.print();
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#practice [data-step]")) return;
    event.preventDefault();
    press(event.target, "next");
  });

  /* A stray click beside the dialog must not close it on somebody who is writing. */
  document.addEventListener("click", (event) => { if (event.target === dialog()) event.stopPropagation(); }, true);

  /* What leaves the page, or begins anew on it, leaves nothing here. */
  function wipe() {
    asked += 1;
    clearInterval(ticking);
    if (view()) view().replaceChildren();
  }
  window.addEventListener("pagehide", wipe);
  document.addEventListener("click", (event) => { if (event.target instanceof Element && event.target.closest("#new")) wipe(); });
})();
