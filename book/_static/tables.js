/* Tables that sort by their headings and, where they are long, filter by the text of their rows.
   Without this script they are plain tables. It stores nothing and asks nothing of a network. */
(() => {
  "use strict";
  const LONG = 12; // rows from which on a table has a filter, and one written in Markdown sorts
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /* A body's rows as copies in which no cell stands for several rows. */
  function flatRows(body) {
    const rows = [...body.rows].map((row) => row.cloneNode(false));
    const open = []; // per column: a cell of an earlier row, and how many rows it still stands for
    [...body.rows].forEach((row, at) => {
      const cells = [...row.cells];
      for (let column = 0; cells.length || open[column]?.left; column += 1) {
        if (!open[column]?.left) {
          const cell = cells.shift();
          open[column] = { cell, left: cell.rowSpan };
        }
        const copy = open[column].cell.cloneNode(true);
        copy.removeAttribute("rowspan");
        if (copy.scope === "rowgroup") copy.scope = "row";
        rows[at].append(copy);
        open[column].left -= 1;
      }
    });
    return rows;
  }

  /* What a cell sorts by: numbers before texts, both before what is missing. */
  function key(cell) {
    const text = cell.textContent.trim();
    if (cell.dataset.value === "" || !text) return { rank: 2, value: 0 };
    const plain = text.replace(/[\s\u202f]/g, "").replace("\u2212", "-");
    // "< 1e-12" sorts as the number that it is below
    const bare = plain.replace(/^</, "");
    const number = cell.dataset.value
      ?? (/^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/.test(bare) ? bare : undefined);
    return number === undefined ? { rank: 1, value: text } : { rank: 0, value: Number(number) };
  }

  function sorted(rows, column, sign) {
    const keyed = rows.map((row) => ({ row, ...key(row.cells[column]) }));
    keyed.sort((a, b) => a.rank - b.rank || sign
      * (a.rank === 1 ? collator.compare(a.value, b.value) : a.value - b.value));
    return keyed.map((each) => each.row);
  }

  function matches(row, words) {
    const text = row.textContent.toLowerCase();
    return words.every((word) => text.includes(word));
  }

  function element(name, className, ...content) {
    const made = document.createElement(name);
    made.className = className;
    made.append(...content);
    return made;
  }

  function nothing(width) {
    const cell = element("td", "", "No row holds all of these words.");
    cell.colSpan = width;
    return element("tr", "", cell);
  }

  function enhance(table) {
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const original = table.tBodies[0];
    const rows = flatRows(original);
    if (rows.some((row) => row.cells.length !== heads.length)) return;
    const chosen = { column: -1, sign: 1, words: [] };

    /* Writes the body: as it was made where nothing is asked for. Returns the number of rows. */
    function show() {
      let found = rows.filter((row) => matches(row, chosen.words));
      if (chosen.column >= 0) found = sorted(found, chosen.column, chosen.sign);
      const asMade = chosen.column < 0 && !chosen.words.length;
      const body = asMade ? original : element("tbody", "", ...found);
      if (!found.length) body.append(nothing(heads.length));
      table.tBodies[0].replaceWith(body);
      heads.forEach((head, column) => {
        if (column !== chosen.column) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", chosen.sign > 0 ? "ascending" : "descending");
      });
      return found.length;
    }

    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = element("button", "cl-sort", ...head.childNodes);
      button.type = "button";
      button.title = "Sort: up, down, as made";
      head.append(button);
      button.addEventListener("click", () => {
        if (chosen.column !== column) Object.assign(chosen, { column, sign: 1 });
        else if (chosen.sign > 0) chosen.sign = -1;
        else chosen.column = -1;
        show();
      });
    });
    if (rows.length >= LONG) addFilter(table, rows.length, chosen, show);
  }

  function addFilter(table, all, chosen, show) {
    const title = table.caption ? ` of the table ${table.caption.textContent}` : "";
    const input = element("input", "");
    input.type = "search";
    input.autocomplete = "off";
    const label = element("label", "", "Filter rows", element("span", "cl-unseen", title), input);
    const count = element("output", "");
    const box = element("div", "cl-filter", label, count);
    input.addEventListener("input", () => {
      chosen.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      box.classList.toggle("cl-active", chosen.words.length > 0);
      const found = show();
      count.textContent = chosen.words.length ? `${found} of ${all} rows` : "";
    });
    (table.closest(".cl-scroll, .pst-scrollable-table-container") ?? table).before(box);
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("article table")) {
      const ours = table.closest(".cl-table") !== null;
      const size = table.tBodies[0]?.rows.length ?? 0;
      if (table.tHead && table.tBodies.length === 1 && size >= (ours ? 3 : LONG)) enhance(table);
    }
  });
})();
