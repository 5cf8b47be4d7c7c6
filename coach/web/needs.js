/* By need: what the first screen's buttons mean, what a suggestion does, and where writing goes on. */
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const OPENS = { calm: { exercise: "sixty-seconds" }, practise: { open: "practice" } }; /* as in frame.html */
  const CHOOSES = { hear: "talk", words: "reframe", decide: "talk" };

  /* The box that one writes in now, as soon as it is there: the first field of a check-in, or the message box. */
  function write(tries = 100) {
    const box = [...document.querySelectorAll("#check-in input:not([type=radio]), #text textarea")].find((field) => field.checkVisibility());
    if (box) box.focus();
    else if (tries) setTimeout(() => write(tries - 1), 50);
  }

  /* What Gradio leaves out: what a button opens, and that the marks of one scale are one group. */
  function dress() {
    const scales = [...document.querySelectorAll("#check-in .scale")];
    if (!one("#need-practise") || scales.length < 3) return setTimeout(dress, 60);
    for (const scale of scales) {
      const name = scale.querySelector("span").textContent.trim();
      scale.setAttribute("role", "radiogroup");
      scale.setAttribute("aria-label", `${name}, from 0, none, to 10, full`);
    }
    for (const [name, means] of Object.entries(OPENS)) {
      const button = one(`#need-${name}`);
      Object.assign(button.dataset, means);
      button.setAttribute("aria-haspopup", "dialog");
    }
  }

  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    const name = at && at.closest("#needs button") ? at.closest("#needs button").id.replace("need-", "") : "";
    if (name in CHOOSES) {
      document.documentElement.dataset.need = name;
      one(`#skill input[value="${CHOOSES[name]}"]`).click();
      write();
    }
    if (at && at.closest("#new, #skill") && event.isTrusted) delete document.documentElement.dataset.need;
  });

  /* A suggestion that is taken: another skill answers the same message, or a dialog opens. */
  const DIALOGS = { practice: "practice", both_sides: "both" };
  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target.closest(".suggest") : null;
    if (!at) return;
    const name = [...at.classList].find((one) => one.startsWith("suggest-")).replace("suggest-", "");
    if (name in DIALOGS) return one(`[data-open="${DIALOGS[name]}"]`).click();
    one(`#skill input[value="${name}"]`).click();
    if (name === "check_in") return write();
    one("#again").click(); /* Gradio takes the choice within its own click, before this one */
  });

  /* Its marks are single buttons to the browser: one stop of the Tab key for each scale, and arrows within it. */
  const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") for (const mark of document.querySelectorAll("#check-in .scale input")) mark.tabIndex = mark.checked ? 0 : -1;
    const scale = event.key in STEPS && event.target.closest("#check-in .scale");
    if (!scale) return;
    event.preventDefault();
    const marks = [...scale.querySelectorAll("input")];
    const next = marks[Math.min(Math.max(marks.findIndex((mark) => mark.checked) + STEPS[event.key], 0), marks.length - 1)];
    next.click();
    next.focus();
  });

  /* A check-in that was sent gives way to the message box, which comes with the answer. */
  const checks = () => Boolean(one('#skill input[value="check_in"]:checked'));
  const goOn = (tries = 100) => (checks() && tries ? setTimeout(() => goOn(tries - 1), 50) : write());
  document.addEventListener("click", (event) => { if (checks() && event.target.closest("#send")) goOn(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.closest("#check-in .field")) goOn(); });
  document.addEventListener("DOMContentLoaded", dress);
})();
