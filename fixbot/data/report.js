"use strict";
// The page is whole without this: here are the filter, the keys and what must be unfolded.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const form = byId("filter");
  const fields = { rule: byId("filter-rule"), severity: byId("filter-severity"), status: byId("filter-status") };
  const typed = byId("filter-text");
  const groups = all(".group");
  const plain = (element) => element.textContent.toLowerCase();

  // A row is one finding or one place that was not read; its words are its own and its group's heading's.
  const rows = groups.flatMap((group) => {
    const head = plain(group.querySelector("summary"));
    const { rule = "", status } = group.dataset;
    return all("[data-severity]", group).map((row) => {
      const { severity, rule: own = rule } = row.dataset;
      return { row, group, rule: own, status, severity, words: `${rule} ${head} ${plain(row)}` };
    });
  });

  const asked = () => Object.keys(fields).filter((key) => fields[key].value);

  function filter() {
    const text = typed.value.trim().toLowerCase();
    const keys = asked();
    const kept = new Set();
    let shown = 0;
    for (const each of rows) {
      const fits = keys.every((key) => each[key] === fields[key].value) && each.words.includes(text);
      each.row.hidden = !fits;
      if (fits) {
        kept.add(each.group);
        shown += 1;
      }
    }
    const whole = !text && !keys.length;
    for (const group of groups) group.hidden = !whole && !kept.has(group);
    for (const part of all(".rule, .filtered").reverse()) {
      part.hidden = !whole && !part.querySelector(".group:not([hidden])");
    }
    byId("shown").textContent = whole ? "" : `${shown} of ${rows.length} places shown`;
  }

  function clear() {
    for (const field of [typed, ...Object.values(fields)]) field.value = "";
    filter();
  }

  function seek(text) {
    clear();
    typed.value = text;
    filter();
    form.scrollIntoView();
    typed.focus();
  }

  for (const name of all("[data-seek]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "seek";
    button.textContent = name.textContent;
    button.title = "Show only these findings";
    button.addEventListener("click", () => seek(name.dataset.seek));
    name.replaceWith(button);
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clear();
  });
  const fold = (open) => () => { for (const group of groups) if (!group.hidden) group.open = open; };
  byId("unfold").addEventListener("click", fold(true));
  byId("fold").addEventListener("click", fold(false));

  // Help: the section that the page has anyway, in a dialog.
  const single = byId("single");
  single.closest("[hidden]").hidden = false;
  const help = document.createElement("dialog");
  help.setAttribute("aria-labelledby", "help-title");
  const title = document.createElement("h2");
  title.id = "help-title";
  title.textContent = "Keys";
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => help.close());
  help.append(title, document.querySelector(".keys").cloneNode(true), close);
  document.body.append(help);
  const explain = () => { if (!help.open) help.showModal(); };
  byId("keys").addEventListener("click", explain);

  function step(by) {
    const heads = all(".proposal:not([hidden]) > summary");
    const here = document.activeElement.closest(".proposal");
    const at = here ? heads.indexOf(here.firstElementChild) : by > 0 ? -1 : heads.length;
    const next = heads[Math.min(Math.max(at + by, 0), heads.length - 1)];
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "start" });
    }
  }

  const deeds = {
    j: () => step(1),
    k: () => step(-1),
    "/": () => { typed.focus(); form.scrollIntoView({ block: "nearest" }); },
    "?": explain,
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && form.contains(event.target)) {
      clear();
      return;
    }
    const busy = event.ctrlKey || event.metaKey || event.altKey || help.open
      || event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea");
    if (busy || !single.checked || !Object.hasOwn(deeds, event.key)) return;
    event.preventDefault();
    deeds[event.key]();
  });

  // A deep link leads into what is folded or filtered away.
  function reveal() {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let each = target.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of folded) each.open = false; });
})();
