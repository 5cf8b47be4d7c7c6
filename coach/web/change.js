/* A rewrite or a message, changed by hand and looked at again while one writes. Closing wipes it. */
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const box = () => one("#changed");
  const verdict = () => one("#change [data-verdict]");
  let kind = "remark";
  let asked = 0;
  let later = 0;

  function look() {
    const number = ++asked;
    const body = JSON.stringify({ kind, text: box().value });
    fetch("/check", { method: "POST", headers: { "Content-Type": "application/json" }, body })
      .then((reply) => { if (!reply.ok) throw new Error("refused"); return reply.text(); })
      .then((html) => { if (number === asked && verdict()) verdict().innerHTML = html; })
      .catch(() => { if (number === asked && verdict()) verdict().textContent = "The program does not answer; it may have stopped. Your words are still here."; });
  }

  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    const change = at && at.closest(".change");
    if (change) {
      kind = change.classList.contains("change-message") ? "message" : "remark";
      box().value = change.closest(".card").querySelector(".words").innerText.trim();
      verdict().replaceChildren();
      one("#change").showModal();
      box().focus();
      look();
    }
    if (at && at.closest("#change [data-copy]")) navigator.clipboard.writeText(box().value).then(() => { verdict().textContent = "Copied."; }, () => { box().select(); });
  });
  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    clearTimeout(later);
    later = setTimeout(look, 400);
  });
  document.addEventListener("DOMContentLoaded", () => {
    one("#change").addEventListener("close", () => { asked += 1; box().value = ""; verdict().replaceChildren(); });
  });
})();
