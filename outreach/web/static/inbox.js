// Keys for the inbox. Each one presses a button, follows a link or enters a field that the page shows anyway; without this script they are clicked.
"use strict";
const KEYS_OFF = "inbox-keys-off";
const switchOn = document.getElementById("keys-on");
const sheet = document.getElementById("keys");
const lettersWork = () => localStorage.getItem(KEYS_OFF) === null;
const isField = (element) => element.matches("textarea, select, input:not([type=hidden]):not([type=checkbox]):not([type=radio])");
const isPressed = (element) => element.closest("button, summary, a, input:not([type=hidden])") !== null && element.tagName !== "TEXTAREA";

// A key that is held down acts once: what it already did is not done to the next family.
const isHeld = (event) => {
  if (!event.repeat) return false;
  if (event.key === "Enter") return event.ctrlKey || event.metaKey || isPressed(event.target);
  if (event.key === " ") return isPressed(event.target) && !isField(event.target);
  return event.key.length === 1 && !isField(event.target);
};

const rows = () => [...document.querySelectorAll(".case-row")];
const step = (by) => {
  const all = rows();
  const open = all.findIndex((row) => row.getAttribute("aria-current"));
  const at = open >= 0 ? open : all.indexOf(document.activeElement);
  const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  if (!to) return;
  if (open >= 0) to.click();
  else to.focus();
};

const use = (key) => {
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (isField(target)) target.focus();
  else if (target.tagName === "SUMMARY") {
    const details = target.parentElement;
    details.open = true;
    (details.querySelector("textarea, button, input:not([type=hidden])") ?? target).focus();
  } else target.click();
  return true;
};

// At the beginning of a word of the answer, "/" opens the saved replies; inside a word, or where there are none, it is a stroke.
const asksForSaved = (event) =>
  event.key === "/" && event.target.id === "text" && !/\S$/.test(event.target.value.slice(0, event.target.selectionStart)) && lettersWork();

const press = (event) => {
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.aside-menu[open], details.keys[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    if (isField(event.target)) event.target.blur();
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const send = event.target.form?.querySelector("[data-send]");
    if (!send) return;
    event.preventDefault();
    send.click();
    return;
  }
  if (asksForSaved(event)) {
    if (use("t")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || !lettersWork()) return;
  if (event.key === "?") {
    sheet.open = !sheet.open;
    sheet.querySelector("summary").focus();
  } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (!use(event.key)) return;
  event.preventDefault();
};

document.addEventListener(
  "keydown",
  (event) => {
    if (!isHeld(event)) return press(event);
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// One form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A saved reply goes where the cursor stands; its first empty place is marked, to be filled in.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  const text = document.getElementById("text");
  if (!chip || !text) return;
  event.preventDefault();
  text.setRangeText(chip.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  const blank = text.value.indexOf("{{");
  chip.closest("details").open = false;
  text.focus();
  if (blank >= 0) text.setSelectionRange(blank, text.value.indexOf("}}", blank) + 2);
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

for (const act of document.querySelectorAll(".act[data-until]")) {
  setTimeout(() => act.querySelector("button").remove(), Number(act.dataset.until));
}
if (switchOn) {
  switchOn.checked = lettersWork();
  switchOn.addEventListener("change", () => (switchOn.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
}
