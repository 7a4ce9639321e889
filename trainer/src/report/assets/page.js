(() => {
  "use strict";
  const form = document.querySelector("form");
  const marks = document.querySelectorAll("svg [data-rbp]");
  const rows = document.querySelectorAll("tr[data-rbp]");
  const all = new Set([...rows].map((row) => row.dataset.rbp + "." + row.dataset.line));
  const filter = () => {
    const wanted = form.rbp.value.toUpperCase().split(/[\s,;]+/).filter((word) => word);
    const line = form.line.value;
    const fits = (one) =>
      (!line || one.dataset.line === line) &&
      (!wanted.length || wanted.some((word) => one.dataset.rbp.toUpperCase().includes(word)));
    marks.forEach((mark) => mark.classList.toggle("out", !fits(mark)));
    const shown = new Set();
    rows.forEach((row) => {
      row.hidden = !fits(row);
      if (!row.hidden) shown.add(row.dataset.rbp + "." + row.dataset.line);
    });
    document.querySelectorAll("details").forEach((part) => {
      const lines = [...part.querySelectorAll("tbody tr")];
      const left = lines.filter((row) => !row.hidden).length;
      const of = left === lines.length ? "" : left + " of ";
      part.querySelector(".count").textContent = of + lines.length + (lines.length === 1 ? " line" : " lines");
    });
    const active = line || wanted.length;
    form.querySelector("output").textContent = active
      ? shown.size + " of " + all.size + " models; medians and densities are of all"
      : all.size + (all.size === 1 ? " model" : " models");
  };
  const value = (row, column) => {
    const text = row.cells[column].dataset.value;
    const number = Number(text);
    return text === "" ? null : Number.isNaN(number) ? text : number;
  };
  const sort = (head, column) => {
    const table = head.closest("table");
    const down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const compare = (left, right) => {
      const [a, b] = [value(left, column), value(right, column)];
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
      return down ? -order : order;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
  };
  document.querySelectorAll("thead tr").forEach((line) => {
    [...line.cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(head, column));
      head.replaceChildren(button);
    });
  });
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
