// What our widgets share: elements, and a list of rows to walk through by arrow keys. Put before each widget's script.

function make(tag, name, ...children) {
  const element = document.createElement(tag);
  element.className = name;
  element.append(...children);
  return element;
}

function fill(element, html) {
  element.innerHTML = html;
}

// Lab takes arrows and letters for its own commands unless the very element that has the focus says otherwise.
function keepKeys(root) {
  root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
}

// Asks Python: the change goes out with the next number, and the widget is busy until that number comes back.
function asking(model, root) {
  const done = () => {
    if (model.get("answered") >= model.get("asked").seq) root.removeAttribute("aria-busy");
  };
  model.on("change:answered", done);
  return (change) => {
    const asked = model.get("asked");
    model.set("asked", { ...asked, ...change, seq: asked.seq + 1 });
    model.save_changes();
    root.setAttribute("aria-busy", "true");
  };
}

// Rows are tr[data-row] with one button each. Arrows, Home and End choose; the field above them hands over by ArrowDown.
function walking(holder, rows, field, choose) {
  const lines = () => [...rows.querySelectorAll("tr[data-row]")].filter((line) => !line.hidden);
  const stop = () => {
    const shown = lines();
    if (!shown.length || shown.some((line) => line.querySelector("button").tabIndex === 0)) return;
    shown[0].querySelector("button").tabIndex = 0;
  };
  rows.addEventListener("click", (event) => {
    const line = event.target.closest("tr[data-row]");
    if (line) choose(line);
  });
  holder.addEventListener("keydown", (event) => {
    const shown = lines();
    const here = shown.findIndex((line) => line.contains(event.target));
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined || (here < 0 && (event.target !== field || event.key !== "ArrowDown"))) return;
    const next = shown[Math.max(0, Math.min(to, shown.length - 1))];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    next.querySelector("button").focus();
    choose(next);
  });
  return { lines, stop };
}

// Fills in new rows; focus and scroll stay where they were.
function refill(rows, scroll, html, active) {
  const held = rows.contains(active());
  const top = scroll.scrollTop;
  fill(rows, html);
  scroll.scrollTop = top;
  const chosen = rows.querySelector("tr.fsnb-chosen");
  if (!chosen) return;
  if (held) chosen.querySelector("button").focus({ preventScroll: true });
  const [line, frame] = [chosen.getBoundingClientRect(), scroll.getBoundingClientRect()];
  if (line.top < frame.top + 28) scroll.scrollTop += line.top - frame.top - 28;
  if (line.bottom > frame.bottom) scroll.scrollTop += line.bottom - frame.bottom;
}
