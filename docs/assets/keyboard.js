"use strict";
// What is wider than the page can be moved with the keyboard, too: tables, for which the theme makes a frame, and code.
window.addEventListener("load", () => {
  for (const wide of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    wide.tabIndex = 0;
  }
});
