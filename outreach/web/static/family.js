// A scanned letter brings its code behind the #, which no server sees: it goes into the field, and out of the address.
"use strict";
const scanned = decodeURIComponent(location.hash.slice(1));
if (scanned) {
  document.getElementById("code").value = scanned;
  for (const link of document.querySelectorAll(".languages a")) link.hash = scanned;
  history.replaceState(null, "", location.pathname);
}
