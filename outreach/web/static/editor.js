// Puts a chip's words where the cursor stands. Without this script a chip is read and typed.
"use strict";
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  const words = document.getElementById("words");
  if (!chip || !words) return;
  words.setRangeText(chip.dataset.insert, words.selectionStart, words.selectionEnd, "end");
  words.focus();
  words.dispatchEvent(new Event("input", { bubbles: true }));
});
