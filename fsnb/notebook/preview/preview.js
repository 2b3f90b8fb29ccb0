// The preview widget in the browser: it shows the parts that Python drew, asks for others, and computes nothing.
// One message is under way at a time. What waits is kept by kind: the newest of each, steps added up.

const PARTS = ["filters", "options", "pager", "views", "rules", "actions", "effect", "body"];
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
const DEBOUNCE = 80;
let instances = 0;

const skeleton = (id) => `
  <div class="fsnb-side">
    <label class="fsnb-search"><span>Search entity</span><input type="search" maxlength="200" autocomplete="off"></label>
    <div class="fsnb-buttons" role="group" aria-label="Which rows" data-part="filters"></div>
    <div class="fsnb-list" role="listbox" tabindex="0" aria-label="Training rows" id="${id}-list" data-part="options"></div>
    <div class="fsnb-pager" data-part="pager"></div>
    <label class="fsnb-go"><span>Go to row</span><input type="number" min="0" step="1" inputmode="numeric"></label>
  </div>
  <div class="fsnb-main">
    <div class="fsnb-buttons fsnb-views" role="group" aria-label="Feature views" data-part="views"></div>
    <div class="fsnb-what-if" role="group" aria-label="Rules of time">
      <div class="fsnb-sliders" data-part="rules"></div>
      <div class="fsnb-buttons" data-part="actions"></div>
    </div>
    <p class="fsnb-status" role="status" aria-live="polite"></p>
    <div class="fsnb-code" hidden>
      <pre tabindex="0" aria-label="Code for a new cell"></pre>
      <div class="fsnb-buttons"><button type="button" data-here="copy">Copy</button><button type="button" data-here="close">Close</button></div>
    </div>
    <div class="fsnb-effect" role="group" aria-label="Effect on the sample" data-part="effect"></div>
    <div class="fsnb-preview" data-part="body"></div>
  </div>`;

function render({ model, el }) {
  const root = document.createElement("div");
  const id = `fsnb-pit-${(instances += 1)}`;
  root.className = "fsnb-pit";
  root.innerHTML = skeleton(id);
  el.appendChild(root);
  const at = (selector) => root.querySelector(selector);
  const part = (name) => at(`[data-part="${name}"]`);

  // Lab would take the arrow keys for its cells: it looks at the focused element itself, so each one says no.
  const keepKeys = (within) =>
    within.querySelectorAll("input,button,summary,[tabindex]").forEach((each) => (each.dataset.lmSuppressShortcuts = "true"));
  keepKeys(root);

  // ------------------------------------------------------------------ asking

  const waiting = new Map();
  let busy = false;
  let slow = null;
  let note = "";
  const timers = new Map();

  function ask(what, value) {
    const before = waiting.get(what);
    waiting.set(what, what === "step" && before !== undefined ? before + value : value);
    next();
  }

  function soon(what, value) {
    clearTimeout(timers.get(what));
    timers.set(what, setTimeout(() => ask(what, value()), DEBOUNCE));
  }

  function next() {
    if (busy || waiting.size === 0) return;
    const [what, value] = waiting.entries().next().value;
    waiting.delete(what);
    busy = true;
    root.setAttribute("aria-busy", "true");
    slow = setTimeout(() => say("Waiting for the kernel …"), 3000);
    model.send({ do: what, value });
  }

  function done() {
    clearTimeout(slow);
    busy = false;
    root.removeAttribute("aria-busy");
    say(model.get("status") || note);
    note = "";
    next();
  }

  function heard(message) {
    if (message.code !== undefined) insert(message.code);
    if (message.done) done();
  }

  // ------------------------------------------------------------------ showing

  function show(name) {
    const place = part(name);
    const html = model.get(name);
    if (name === "rules" && sameSliders(place, html)) return;
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const open = [...place.querySelectorAll("details")].map((each) => each.open);
    place.innerHTML = html;
    place.querySelectorAll("details").forEach((each, i) => (each.open = open[i] ?? each.open));
    keepKeys(place);
    if (focused !== undefined) refocus(place, focused);
    if (name === "options") chosen(place);
  }

  function refocus(place, name) {
    const all = [...place.querySelectorAll("[data-focus]")];
    const found = all.find((each) => each.dataset.focus === name && !each.disabled) ?? all.find((each) => !each.disabled);
    if (found) found.focus();
  }

  function chosen(list) {
    [...list.children].forEach((each, i) => (each.id = `${id}-row-${i}`));
    const now = list.querySelector('[aria-selected="true"]');
    if (now) list.setAttribute("aria-activedescendant", now.id);
    else list.removeAttribute("aria-activedescendant");
  }

  // Sliders that are the same are moved, not replaced: one of them may be under the finger.
  function sameSliders(place, html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const old = [...place.querySelectorAll("input")];
    const now = [...fresh.content.querySelectorAll("input")];
    const same = (a, b) => b && a.id === b.id && a.dataset.words === b.dataset.words && a.dataset.name === b.dataset.name;
    if (now.length === 0 || old.length !== now.length || !now.every((each, i) => same(each, old[i]))) return false;
    const waits = waiting.has("rules") || place.contains(document.activeElement);
    if (!waits) old.forEach((each, i) => ((each.value = now[i].getAttribute("value")), label(each)));
    return true;
  }

  function label(slider) {
    const words = JSON.parse(slider.dataset.words)[Number(slider.value)];
    slider.setAttribute("aria-valuetext", words);
    slider.closest(".fsnb-slider").querySelector("output").textContent = words;
  }

  function rules() {
    const asked = { windows: {}, over: {} };
    const lengths = { window: asked.windows, over: asked.over };
    for (const slider of part("rules").querySelectorAll("input")) {
      if (slider.value === slider.dataset.own) continue;
      const words = JSON.parse(slider.dataset.words)[Number(slider.value)];
      const { kind, name } = slider.dataset;
      if (kind in lengths) lengths[kind][name] = words;
      else asked[kind] = words;
    }
    return asked;
  }

  function say(words) {
    at(".fsnb-status").textContent = words;
  }

  // What the page did with an answer is said until the next one: that the answer has ended does not wipe it.
  function tell(words) {
    say(words);
    if (busy) note = words;
  }

  // ------------------------------------------------------------------ code for a new cell

  function insert(code) {
    const event = new CustomEvent("fsnb:insert", { bubbles: true, cancelable: true, composed: true, detail: { code } });
    if (!root.dispatchEvent(event)) {
      tell("Inserted as a new cell.");
      return;
    }
    at(".fsnb-code").hidden = false;
    at(".fsnb-code pre").textContent = code;
    copy("Copied: paste it into a new cell.");
  }

  async function copy(words) {
    try {
      await navigator.clipboard.writeText(at(".fsnb-code pre").textContent);
      tell(words);
    } catch {
      tell("Copy the code into a new cell.");
      const pre = at(".fsnb-code pre");
      pre.focus();
      getSelection().selectAllChildren(pre);
    }
  }

  // ------------------------------------------------------------------ listening

  root.addEventListener("click", (event) => {
    const target = event.target.closest("[data-do],[data-here]");
    if (!target || target.disabled) return;
    if (target.dataset.here === "copy") copy("Copied: paste it into a new cell.");
    else if (target.dataset.here === "close") {
      at(".fsnb-code").hidden = true;
      at('[data-do="insert"]')?.focus();
    } else ask(target.dataset.do, target.dataset.value);
  });
  root.addEventListener("input", (event) => {
    const target = event.target;
    if (target.type === "range") {
      label(target);
      soon("rules", rules);
    } else if (target.type === "search") soon("search", () => target.value);
  });
  at(".fsnb-go input").addEventListener("change", (event) => event.target.value !== "" && ask("go", event.target.value));
  part("options").addEventListener("keydown", (event) => {
    if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    ask("step", STEPS[event.key]);
  });

  const changes = PARTS.map((name) => [`change:${name}`, () => show(name)]);
  changes.forEach(([name, change]) => model.on(name, change));
  model.on("msg:custom", heard);
  PARTS.forEach(show);
  return () => {
    changes.forEach(([name, change]) => model.off(name, change));
    model.off("msg:custom", heard);
    timers.forEach((timer) => clearTimeout(timer));
    clearTimeout(slow);
  };
}

export default { render };
