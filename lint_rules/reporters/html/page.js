"use strict";
(() => {
  const ROW_HEIGHT = 46;
  const SPARE_ROWS = 8;
  const SEVERITIES = ["error", "warning", "info"];
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), rows = byId("rows"), detail = byId("detail");
  const fields = { rule: byId("rule"), severity: byId("severity"), path: byId("path"), text: byId("text") };
  const families = Object.keys(data.families).sort((a, b) => (a === "00" ? 1 : b === "00" ? -1 : a.localeCompare(b)));
  const familyOf = (finding) => finding.code.slice(3, 5);
  let chosenFamilies = new Set();
  let shown = [];
  let selected = 0;

  // Everything foreign goes in as text; no markup is ever made of it.
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  for (const finding of data.findings) {
    finding.haystack = [finding.message, finding.symbol, finding.code, data.rules[finding.code],
      ...finding.lines.map((line) => line.slice(1).join(""))].join("\n").toLowerCase();
    finding.lowerPath = finding.path.toLowerCase();
  }

  const matches = (finding, wanted, skipFamily) =>
    (skipFamily || !chosenFamilies.size || chosenFamilies.has(familyOf(finding))) &&
    (!wanted.rule || finding.code === wanted.rule) &&
    (!wanted.severity || finding.severity === wanted.severity) &&
    wanted.paths.every(([part, isWanted]) => finding.lowerPath.includes(part) === isWanted) &&
    wanted.words.every((word) => finding.haystack.includes(word));

  const wantedNow = () => ({
    rule: fields.rule.value,
    severity: fields.severity.value,
    paths: fields.path.value.toLowerCase().split(/\s+/).filter((part) => part && part !== "!")
      .map((part) => (part[0] === "!" ? [part.slice(1), false] : [part, true])),
    words: fields.text.value.toLowerCase().split(/\s+/).filter(Boolean),
  });

  const filter = () => {
    const kept = shown[selected];
    const wanted = wantedNow();
    shown = data.findings.filter((finding) => matches(finding, wanted, false));
    selected = Math.max(0, shown.indexOf(kept));
    rows.style.height = `${shown.length * ROW_HEIGHT}px`;
    byId("count").textContent = `${shown.length} of ${data.findings.length}`;
    drawFamilies(wanted);
    remember();
    select(selected);
  };

  const drawFamilies = (wanted) => {
    const counts = new Map(families.map((family) => [family, { error: 0, warning: 0, info: 0 }]));
    for (const finding of data.findings) {
      if (matches(finding, wanted, true)) counts.get(familyOf(finding))[finding.severity] += 1;
    }
    const sums = new Map(families.map((family) => [family, SEVERITIES.reduce((sum, name) => sum + counts.get(family)[name], 0)]));
    const most = Math.max(1, ...sums.values());
    for (const button of byId("families").children) {
      const family = button.dataset.family;
      button.setAttribute("aria-pressed", String(chosenFamilies.has(family)));
      button.classList.toggle("empty", !sums.get(family));
      button.querySelector(".count").textContent = sums.get(family);
      for (const name of SEVERITIES) {
        button.querySelector(`.bar .${name}`).style.width = `${(100 * counts.get(family)[name]) / most}%`;
      }
    }
  };

  const makeFamilies = () => {
    for (const family of families) {
      const button = element("button", "family");
      button.type = "button";
      button.dataset.family = family;
      const bar = element("span", "bar");
      for (const name of SEVERITIES) bar.append(element("span", name));
      button.append(element("span", "number", family), element("span", "", data.families[family]), element("span", "count"), bar);
      button.addEventListener("click", () => toggle(family));
      byId("families").append(button);
    }
  };

  const toggle = (family) => {
    if (!data.families[family]) return;
    if (!chosenFamilies.delete(family)) chosenFamilies.add(family);
    filter();
  };

  const drawRows = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
    const made = [];
    for (let index = first; index < last; index += 1) made.push(row(index));
    if (!shown.length) made.push(Object.assign(element("div", "", data.findings.length ? "No finding fits these filters." : "Nothing was found."), { id: "empty" }));
    rows.replaceChildren(...made);
  };

  const row = (index) => {
    const finding = shown[index];
    const made = element("div", "row");
    made.id = `row-${index}`;
    made.style.top = `${index * ROW_HEIGHT}px`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", String(index === selected));
    made.setAttribute("aria-setsize", shown.length);
    made.setAttribute("aria-posinset", index + 1);
    const message = element("div");
    message.append(element("span", `code severity-${finding.severity}`, finding.code), ` ${finding.message}`);
    made.append(message, element("div", "place", `${finding.path}:${finding.row}`));
    made.addEventListener("click", () => select(index));
    return made;
  };

  const select = (index) => {
    selected = Math.min(Math.max(index, 0), Math.max(shown.length - 1, 0));
    const top = selected * ROW_HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
    drawRows();
    if (shown.length) list.setAttribute("aria-activedescendant", `row-${selected}`);
    else list.removeAttribute("aria-activedescendant");
    drawDetail(shown[selected]);
  };

  const code = (lines) => {
    const block = element("pre");
    for (const [number, before, marked, after] of lines) {
      const line = element("span", "line");
      line.append(element("span", "number", number), before);
      if (marked) line.append(element("mark", "", marked));
      line.append(after);
      block.append(line);
    }
    return block;
  };

  const diff = (fix) => {
    const block = element("pre");
    for (const [sign, number, text] of fix.diff) {
      const line = element("span", `line ${{ "+": "added", "-": "removed" }[sign] || ""}`);
      line.append(element("span", "number", number || ""), `${sign} ${text}`);
      block.append(line);
    }
    if (fix.more) block.append(element("span", "line faint", `and ${fix.more} more lines`));
    return block;
  };

  const drawDetail = (finding) => {
    detail.replaceChildren();
    detail.scrollTop = 0;
    if (!finding) return;
    const rule = element("p");
    rule.append(element("span", `code severity-${finding.severity}`, `${finding.severity} ${finding.code}`),
      ` ${data.rules[finding.code]}`, element("span", "faint", ` \u00b7 ${data.families[familyOf(finding)]}`));
    const place = element("p", "faint", `${finding.path}:${finding.row}:${finding.column}${finding.symbol ? ` in ${finding.symbol}` : ""}`);
    detail.append(element("h2", "", finding.message), rule, place);
    if (finding.lines.length) detail.append(code(finding.lines));
    if (finding.related.length) {
      const steps = element("ol", "steps");
      for (const related of finding.related) {
        const step = element("li");
        step.append(element("div", "", related.message), element("div", "faint", `${related.path}:${related.row}`));
        if (related.lines.length) step.append(code(related.lines));
        steps.append(step);
      }
      detail.append(element("h3", "", "How it comes about"), steps);
    }
    if (finding.suggestion) detail.append(element("h3", "", "What to do"), element("p", "", finding.suggestion));
    if (finding.fix) {
      detail.append(element("h3", "", `Fix (${finding.fix.applicability}): ${finding.fix.message}`), diff(finding.fix));
    }
  };

  const otherFile = (step) => {
    let index = selected;
    const path = shown[index] && shown[index].path;
    while (shown[index] && shown[index].path === path) index += step;
    if (!shown[index]) return;
    const found = shown[index].path;
    while (step < 0 && shown[index - 1] && shown[index - 1].path === found) index -= 1;
    select(index);
  };

  const theme = () => {
    const isDark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
  };

  const clear = () => {
    for (const field of Object.values(fields)) field.value = "";
    chosenFamilies = new Set();
    filter();
  };

  const KEYS = {
    j: () => select(selected + 1), k: () => select(selected - 1),
    ArrowDown: () => select(selected + 1), ArrowUp: () => select(selected - 1),
    PageDown: () => select(selected + Math.max(1, Math.floor(list.clientHeight / ROW_HEIGHT))),
    PageUp: () => select(selected - Math.max(1, Math.floor(list.clientHeight / ROW_HEIGHT))),
    Home: () => select(0), End: () => select(shown.length - 1),
    n: () => otherFile(1), p: () => otherFile(-1),
    "/": () => fields.text.focus(), t: theme, Escape: clear,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (isField && event.key === "Escape") {
      event.target.blur();
      clear();
      event.preventDefault();
    }
    if (isField || (event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " "))) return;
    if (/^[0-9]$/.test(event.key)) toggle(event.key === "0" ? "10" : `0${event.key}`);
    else if (KEYS[event.key]) KEYS[event.key]();
    else return;
    event.preventDefault();
  });

  // The filters stand in the address, so that a view can be kept and passed on.
  const remember = () => {
    const wanted = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) if (field.value) wanted.set(name, field.value);
    if (chosenFamilies.size) wanted.set("family", [...chosenFamilies].sort().join(","));
    const hash = wanted.toString();
    try { history.replaceState(null, "", hash ? `#${hash}` : "#"); } catch { /* a sandboxed frame */ }
  };

  const recall = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const [name, field] of Object.entries(fields)) field.value = wanted.get(name) || "";
    chosenFamilies = new Set((wanted.get("family") || "").split(",").filter((family) => data.families[family]));
  };

  const options = (field, values) => {
    field.append(new Option("all", ""));
    for (const [value, text] of values) field.append(new Option(text, value));
  };

  byId("summary").textContent = data.summary + (data.complete ? "" : " \u00b7 the run was not complete");
  options(fields.rule, Object.keys(data.rules).sort().map((code) => [code, `${code} ${data.rules[code]}`]));
  options(fields.severity, SEVERITIES.map((name) => [name, name]));
  makeFamilies();
  recall();
  for (const field of Object.values(fields)) field.addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", (event) => { event.preventDefault(); clear(); });
  byId("theme").addEventListener("click", theme);
  byId("help-button").addEventListener("click", (event) => {
    byId("help").hidden = !byId("help").hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!byId("help").hidden));
  });
  list.addEventListener("scroll", drawRows, { passive: true });
  addEventListener("resize", drawRows);
  addEventListener("hashchange", () => { recall(); filter(); });
  filter();
})();
