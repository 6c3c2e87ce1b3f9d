/* What styles alone cannot do for readers: names and roles that the theme leaves out, boxes that
   scroll with the keyboard, and light pages on paper. */
(() => {
  "use strict";
  const root = document.documentElement;
  const BOXES = ".cl-scroll, .cl-drawing, div.math";

  /* The theme's toggles beside a link show an icon only. */
  function nameToggles() {
    for (const summary of document.querySelectorAll("nav .has-children > details > summary")) {
      const link = summary.closest(".has-children").querySelector("a");
      summary.setAttribute("aria-label", `Pages below ${link.textContent.trim()}`);
    }
  }

  /* References stand in an element with the role of a list, under a role that is no more. */
  function listReferences() {
    for (const entry of document.querySelectorAll("[role=list] > [role=doc-biblioentry]")) {
      entry.setAttribute("role", "listitem");
    }
  }

  /* What scrolls sideways takes the focus, so that arrow keys reach all of it; what fits does not. */
  function tabStops() {
    for (const box of document.querySelectorAll(BOXES)) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  /* Paper is white: a page in the dark theme is printed in the light one. */
  const paper = window.matchMedia("print");
  let before = null;
  function print(begins) {
    if (begins && before === null) {
      before = root.dataset.theme;
      root.dataset.theme = "light";
    } else if (!begins && before !== null) {
      root.dataset.theme = before;
      before = null;
    }
  }
  paper.addEventListener("change", () => print(paper.matches));
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));

  document.addEventListener("DOMContentLoaded", () => {
    nameToggles();
    listReferences();
    const sizes = new ResizeObserver(tabStops);
    for (const box of document.querySelectorAll(BOXES)) sizes.observe(box);
    if (paper.matches) print(true);
  });
})();
