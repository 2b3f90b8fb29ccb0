// Shows what Python found and says what is searched for, chosen and opened. Nothing is computed here.

const REST = 120; // ms without a key before a search goes out

function layout() {
  const part = {};
  for (const name of ["head", "kinds", "rows", "detail"]) part[name] = make("div", `fsnb-part-${name}`);
  part.find = Object.assign(make("input", "fsnb-find"), {
    type: "search",
    placeholder: "search: words, owner:… tag:… feature:… entity:… source:…",
  });
  part.find.setAttribute("aria-label", "search the catalog");
  part.owner = make("select", "fsnb-option");
  part.tag = make("select", "fsnb-option");
  part.more = Object.assign(make("button", "fsnb-button"), { type: "button" });
  part.count = make("p", "fsnb-dim");
  part.count.setAttribute("aria-live", "polite");
  part.note = make("p", "fsnb-note fsnb-bad");
  part.note.setAttribute("role", "alert");
  part.kinds.setAttribute("role", "group");
  part.kinds.setAttribute("aria-label", "kinds");
  part.scroll = make("div", "fsnb-scroll", part.rows, part.more);
  const filters = make("div", "fsnb-filters", part.owner, part.tag);
  part.left = make("div", "fsnb-left", part.find, filters, part.kinds, part.count, part.scroll);
  part.right = make("div", "fsnb-right", part.detail);
  part.root = make("section", "fsnb fsnb-wide fsnb-browse", part.head, part.note);
  part.root.append(make("div", "fsnb-panes", part.left, part.right));
  part.root.setAttribute("aria-label", "catalog");
  return part;
}

function render({ model, el }) {
  const part = layout();
  el.replaceChildren(part.root);
  keepKeys(part.root);
  const active = () => el.getRootNode().activeElement;
  const ask = asking(model, part.root);
  const page = model.get("asked").most;

  // ---------------------------------------------------------------- search

  let timer = 0;
  const search = (words) => ask({ words, most: page });
  part.find.value = model.get("asked").words;
  part.find.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(part.find.value), REST);
  });
  for (const name of ["owner", "tag"]) {
    part[name].setAttribute("aria-label", `only of one ${name}`);
    part[name].addEventListener("change", () => {
      const value = part[name].value;
      const others = part.find.value.replace(new RegExp(`\\s*${name}:("[^"]*"|\\S+)`, "g"), "").trim();
      const asked = value && `${name}:${/\s/.test(value) ? `"${value}"` : value}`;
      part.find.value = [others, asked].filter(Boolean).join(" ");
      search(part.find.value);
    });
  }
  part.kinds.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-kind]");
    if (button) ask({ kind: button.dataset.kind, most: page });
  });
  part.more.addEventListener("click", () => ask({ most: model.get("asked").most + page }));

  // ---------------------------------------------------------------- one document

  walking(part.left, part.rows, part.find, (line) => ask({ open: Number(line.dataset.row) }));
  part.detail.addEventListener("click", (event) => {
    const other = event.target.closest("button[data-open]");
    if (other) ask({ open: Number(other.dataset.open) });
    const insert = event.target.closest("button[data-code]");
    if (insert) insertCode(insert, part.detail.querySelector(".fsnb-said"));
  });

  // ---------------------------------------------------------------- pieces

  const options = () => {
    for (const name of ["owner", "tag"]) {
      const found = model.get("options")[name] ?? [];
      const first = Object.assign(document.createElement("option"), { value: "", textContent: `any ${name}` });
      const each = ([value, number]) =>
        Object.assign(document.createElement("option"), { value, textContent: `${value} (${number})` });
      part[name].replaceChildren(first, ...found.map(each));
      part[name].hidden = found.length === 0;
    }
  };
  const count = () => {
    const found = model.get("found");
    const left = found - model.get("asked").most;
    part.count.textContent = `${found.toLocaleString("en")} found`;
    part.more.hidden = left <= 0;
    part.more.textContent = `${Math.min(left, page)} more of ${left.toLocaleString("en")}`;
  };
  const kinds = () => {
    const key = part.kinds.contains(active()) ? active().dataset.kind : undefined;
    fill(part.kinds, model.get("kinds"));
    if (key !== undefined) part.kinds.querySelector(`button[data-kind="${CSS.escape(key)}"]`)?.focus();
  };
  const show = {
    head: () => fill(part.head, model.get("head")),
    kinds,
    rows: () => refill(part.rows, part.scroll, model.get("rows"), active),
    detail: () => fill(part.detail, model.get("detail")),
    note: () => (part.note.textContent = model.get("note")),
    options,
    found: count,
    answered: count,
  };
  for (const [name, draw] of Object.entries(show)) {
    model.on(`change:${name}`, draw);
    draw();
  }
  model.on("change:asked", () => {
    if (active() !== part.find) part.find.value = model.get("asked").words;
  });
}

// Whoever makes cells listens and takes the event; with nobody there, the code goes to the clipboard.
async function insertCode(button, said) {
  const code = button.dataset.code;
  const event = new CustomEvent("fsnb:insert", { detail: { code }, bubbles: true, composed: true, cancelable: true });
  if (!button.dispatchEvent(event)) {
    said.textContent = "inserted";
    return;
  }
  try {
    await navigator.clipboard.writeText(code);
    said.textContent = `copied: ${code}`;
  } catch {
    said.textContent = code;
  }
}

export default { render };
