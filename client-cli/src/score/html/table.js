"use strict";
(() => {
  const table = document.getElementById("hits");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const texts = rows.map((row) => Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word);
    let count = 0;
    rows.forEach((row, index) => {
      const matches = words.every((word) => texts[index].includes(word));
      row.hidden = !matches;
      count += matches ? 1 : 0;
    });
    shown.textContent = count + " of " + rows.length;
  };
  const order = new Map(rows.map((row, index) => [row, index]));
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    head.addEventListener("click", () => {
      const numeric = head.classList.contains("number");
      const first = numeric ? "descending" : "ascending";
      const second = numeric ? "ascending" : "descending";
      const direction = head.getAttribute("aria-sort") === first ? second : first;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction);
      const key = (row) => {
        const text = row.cells[column].textContent;
        if (!numeric) return text;
        return text === "" ? -Infinity : Number(text);
      };
      const compare = (a, b) => (numeric ? a - b : a.localeCompare(b, undefined, { numeric: true }));
      const sign = direction === "ascending" ? 1 : -1;
      const sorted = rows.slice().sort((a, b) => sign * compare(key(a), key(b)) || order.get(a) - order.get(b));
      body.append(...sorted);
    });
  });
  search.addEventListener("input", filter);
  filter();
})();
