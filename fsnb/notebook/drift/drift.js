// Shows what Python drew and says what was chosen: a column, a stretch of time, a slice. Nothing is computed here.

const PIECES = ["head", "rows", "detail", "times", "slices", "broken"];
const WAIT = 250; // ms that a slider held by a key must rest

function layout() {
  const part = {};
  for (const name of PIECES) part[name] = make("div", `fsnb-part-${name}`);
  part.find = Object.assign(make("input", "fsnb-find"), { type: "search", placeholder: "find a feature" });
  part.find.setAttribute("aria-label", "find a feature");
  part.none = Object.assign(make("p", "fsnb-empty"), { textContent: "No feature has these letters.", hidden: true });
  part.brush = make("div", "fsnb-brushing");
  part.note = make("p", "fsnb-note fsnb-bad");
  part.note.setAttribute("role", "alert");
  part.doing = make("p", "fsnb-doing");
  part.doing.setAttribute("role", "status");
  part.scroll = make("div", "fsnb-scroll", part.rows);
  part.left = make("div", "fsnb-left", part.find, part.scroll, part.none, part.broken);
  part.right = make("div", "fsnb-right", part.detail, part.times, part.brush, part.slices);
  part.panes = make("div", "fsnb-panes", part.left, part.right);
  part.root = make("section", "fsnb fsnb-wide fsnb-drift", part.head, part.note, part.doing, part.panes);
  part.root.setAttribute("aria-label", "drift");
  return part;
}

function render({ model, el }) {
  const part = layout();
  el.replaceChildren(part.root);
  keepKeys(part.root);

  const active = () => el.getRootNode().activeElement;
  const ask = asking(model, part.root);

  // ---------------------------------------------------------------- columns

  const choose = (line) => ask({ row: Number(line.dataset.row) });
  const walk = walking(part.left, part.rows, part.find, choose);
  const filter = () => {
    const words = part.find.value.trim().toLowerCase();
    for (const line of part.rows.querySelectorAll("tr[data-row]")) {
      line.hidden = !line.querySelector("button").title.toLowerCase().includes(words);
    }
    part.none.hidden = walk.lines().length > 0 || !words;
    walk.stop();
  };
  part.find.addEventListener("input", filter);

  // ---------------------------------------------------------------- slices

  part.slices.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-part]");
    if (button) ask({ part: Number(button.dataset.part) });
  });

  // ---------------------------------------------------------------- the brush

  const brush = makeBrush(part, model, ask);

  // ---------------------------------------------------------------- pieces

  const show = (name) => {
    const key = part.slices.contains(active()) ? active().dataset.part : undefined;
    if (name === "rows") refill(part.rows, part.scroll, model.get(name), active);
    else fill(part[name], model.get(name));
    if (name === "rows") filter();
    if (name === "slices" && key !== undefined) part.slices.querySelector(`button[data-part="${key}"]`)?.focus();
    if (name === "times") brush.draw();
  };
  const note = () => (part.note.textContent = model.get("note"));
  const doing = () => (part.doing.textContent = model.get("doing"));
  for (const name of PIECES) {
    model.on(`change:${name}`, () => show(name));
    show(name);
  }
  model.on("change:note", note);
  model.on("change:doing", doing);
  model.on("change:asked", () => brush.set());
  note();
  doing();
  brush.set();
}

function makeBrush(part, model, ask) {
  const places = () => (model.get("brush").labels ?? []).length - 1;
  const slider = (name) => {
    const input = Object.assign(make("input", "fsnb-slider"), { type: "range", min: 0, step: 1 });
    input.setAttribute("aria-label", name);
    return input;
  };
  const from = slider("first stretch of the window");
  const to = slider("last stretch of the window");
  const said = make("output", "fsnb-said");
  const all = Object.assign(make("button", "fsnb-button"), { type: "button", textContent: "whole time" });
  const ends = [make("label", "fsnb-end", "from", from), make("label", "fsnb-end", "to", to)];
  let timer = 0;

  const span = () => [Math.min(+from.value, +to.value), Math.max(+from.value, +to.value)];
  const whole = () => span()[0] === 0 && span()[1] === places() - 1;
  const draw = () => {
    const svg = part.times.querySelector("svg.fsnb-times");
    const { left, slot, top, high, labels } = model.get("brush");
    if (!svg || !labels) return;
    svg.querySelector(".fsnb-brush")?.remove();
    const [first, last] = span();
    for (const [input, place] of [[from, +from.value], [to, +to.value]]) {
      input.setAttribute("aria-valuetext", labels[place]);
    }
    all.disabled = whole();
    said.textContent = whole() ? "all rows" : `${labels[first]} to ${labels[last + 1]} (excluded)`;
    if (whole()) return;
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const where = { x: left + first * slot, y: top - 4, width: (last - first + 1) * slot, height: high + 4 };
    for (const [name, value] of Object.entries(where)) box.setAttribute(name, value);
    box.setAttribute("class", "fsnb-brush");
    svg.append(box);
  };
  const send = () => {
    clearTimeout(timer);
    const [first, last] = whole() ? [-1, -1] : span();
    const asked = model.get("asked");
    if (asked.first !== first || asked.last !== last) ask({ first, last });
  };
  const set = () => {
    const { first, last } = model.get("asked");
    part.brush.hidden = places() < 2;
    from.max = to.max = places() - 1;
    from.value = first < 0 ? 0 : first;
    to.value = last < 0 ? places() - 1 : last;
    draw();
  };
  for (const input of [from, to]) {
    input.addEventListener("input", draw);
    input.addEventListener("change", () => {
      clearTimeout(timer);
      timer = setTimeout(send, WAIT);
    });
  }
  all.addEventListener("click", () => {
    from.value = 0;
    to.value = places() - 1;
    draw();
    send();
  });
  part.brush.append(...ends, said, all);

  let start = null;
  const place = (event) => {
    const svg = part.times.querySelector("svg.fsnb-times");
    const { left, slot } = model.get("brush");
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    return Math.max(0, Math.min(places() - 1, Math.floor((x - left) / slot)));
  };
  part.times.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("svg.fsnb-times") || places() < 2) return;
    event.preventDefault();
    part.times.setPointerCapture(event.pointerId);
    from.value = to.value = start = place(event);
    draw();
  });
  part.times.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const here = place(event);
    from.value = Math.min(start, here);
    to.value = Math.max(start, here);
    draw();
  });
  part.times.addEventListener("pointerup", () => {
    if (start === null) return;
    start = null;
    send();
  });
  part.times.addEventListener("pointercancel", () => {
    start = null;
    set();
  });
  return { draw, set };
}

export default { render };
