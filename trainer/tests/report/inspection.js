"use strict";
addEventListener("load", () => {
  const frame = document.querySelector("iframe");
  const page = frame.contentDocument;
  const found = {};
  const touch = (a, b) =>
    a.left + 0.5 < b.right && b.left + 0.5 < a.right && a.top + 0.5 < b.bottom && b.top + 0.5 < a.bottom;
  // Lines of text stand closer than their boxes: the letters themselves reach over three quarters of the height.
  const ink = (box) => ({
    left: box.left, right: box.right,
    top: box.top + 0.12 * box.height, bottom: box.bottom - 0.12 * box.height,
  });
  const look = (width) => {
    frame.style.width = width + "px";
    const problems = [];
    let texts = 0;
    const plots = [...page.querySelectorAll("section svg.plot")];
    plots.forEach((plot) => {
      const name = plot.closest("section").id;
      const sheet = plot.getBoundingClientRect();
      const words = [...plot.querySelectorAll("text")].map((text) => [text.textContent, ink(text.getBoundingClientRect())]);
      texts += words.length;
      words.forEach(([word, box], place) => {
        if (box.left < sheet.left - 1 || box.right > sheet.right + 1 || box.top < sheet.top - 1 || box.bottom > sheet.bottom + 1) {
          problems.push(name + ": leaves the plot: " + word);
        }
        words.slice(0, place).forEach(([other, its]) => {
          if (touch(box, its)) problems.push(name + ": overlap: " + word + " / " + other);
        });
      });
      plot.querySelectorAll(".mark").forEach((mark) => {
        const box = mark.getBoundingClientRect();
        if (box.left < sheet.left - 1 || box.right > sheet.right + 1 || box.top < sheet.top - 1 || box.bottom > sheet.bottom + 1) {
          problems.push(name + ": a mark leaves the plot");
        }
      });
    });
    const blocks = [...page.querySelectorAll("h1, h2, p, li, label, summary, figure, .pair, details, section")];
    blocks.forEach((block) => {
      const box = block.getBoundingClientRect();
      if (box.right > width + 1 || block.scrollWidth > block.clientWidth + 1 && getComputedStyle(block).display !== "inline") {
        problems.push("wider than its place: " + block.tagName + " " + block.textContent.slice(0, 40));
      }
    });
    if (page.documentElement.scrollWidth > width) problems.push("the page scrolls sideways");
    found[width] = { figures: plots.length, texts, problems };
  };
  page.querySelectorAll("details").forEach((part) => { part.open = true; });
  look(1280);
  look(390);

  const form = page.querySelector("form");
  const type = (rbp, line) => {
    form.rbp.value = rbp;
    form.line.value = line;
    form.rbp.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const fits = (one) => one.dataset.rbp === "QKI" && one.dataset.line === "K562";
  const rows = [...page.querySelectorAll("tr[data-rbp]")];
  const marks = [...page.querySelectorAll("svg [data-rbp]")];
  type("qki", "K562");
  found.filter = {
    rows: rows.filter((row) => !row.hidden).length,
    wrong_rows: rows.filter((row) => row.hidden === fits(row)).length,
    wrong_marks: marks.filter((mark) => mark.classList.contains("out") === fits(mark)).length,
    said: form.querySelector("output").textContent,
  };
  type("", "");
  found.restored = rows.every((row) => !row.hidden) && marks.every((mark) => !mark.classList.contains("out"));

  const table = page.querySelector("#peaks table");
  table.querySelectorAll("th button")[1].click();
  const values = [...table.tBodies[0].rows].map((row) => Number(row.cells[1].dataset.value));
  found.sorted = form.hidden === false && values.every((value, place) => place === 0 || values[place - 1] <= value);
  document.querySelector("pre").textContent = JSON.stringify(found);
  frame.remove();
});
