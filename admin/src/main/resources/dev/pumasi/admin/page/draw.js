// Puts values into the page. Only textContent and attributes are written, so nothing from outside can become markup; only what has
// changed is written, so focus, selection and screen readers are left in peace.

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

export function mark(element, className, on) {
  if (element.classList.contains(className) !== Boolean(on)) element.classList.toggle(className, Boolean(on));
}

/** Keeps the children of `parent` in step with `items`: one for each key, made once, moved only when the order changes. */
export function keep(parent, items, key, create, update) {
  const known = parent.known ?? (parent.known = new Map());
  const seen = new Set();
  let at = parent.firstChild;
  for (const item of items) {
    const id = String(key(item));
    if (seen.has(id)) continue;
    seen.add(id);
    let child = known.get(id);
    if (!child) {
      child = create(item);
      known.set(id, child);
    }
    update(child, item);
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  for (const [id, child] of known) {
    if (!seen.has(id)) {
      known.delete(id);
      child.remove();
    }
  }
}

/**
 * A table. Columns: {id, label, className, value(item) → text or {text, title}, fill(cell, item)}. The labels are asked for at each call, so a
 * change of the language is seen at once.
 */
export function table(parent, columns, items, key, caption) {
  let whole = parent.querySelector("table");
  const shape = columns.map((column) => column.id).join();
  if (!whole || whole.dataset.shape !== shape) {
    parent.replaceChildren();
    const scroll = make("div", "scroll");
    whole = make("table");
    whole.dataset.shape = shape;
    whole.append(make("caption", "only-read"), make("thead"), make("tbody"));
    const row = make("tr");
    for (const column of columns) {
      const cell = make("th", column.className);
      cell.scope = "col";
      row.append(cell);
    }
    whole.tHead.append(row);
    scroll.append(whole);
    parent.append(scroll);
  }
  say(whole.caption, caption);
  columns.forEach((column, i) => {
    const cell = whole.tHead.rows[0].cells[i];
    say(cell, column.label);
    if (column.title) cell.title = column.title;
  });
  keep(
    whole.tBodies[0],
    items,
    key,
    () => {
      const row = make("tr");
      for (const column of columns) row.append(make("td", column.className));
      return row;
    },
    (row, item) => {
      columns.forEach((column, i) => {
        const cell = row.cells[i];
        if (cell.dataset.label !== column.label) cell.dataset.label = column.label;
        if (column.fill) column.fill(cell, item);
        else say(cell, String(column.value(item)));
      });
    },
  );
}

/** A bar with its figure, in a cell. */
export function bar(cell, share, text) {
  let box = cell.firstElementChild;
  if (!box) {
    box = make("div", "bar");
    const rail = make("i");
    rail.append(make("b"));
    box.append(rail, make("span"));
    cell.append(box);
  }
  const width = `${Math.round(Math.min(1, Math.max(0, share ?? 0)) * 100)}%`;
  const fill = box.firstElementChild.firstElementChild;
  if (fill.style.width !== width) fill.style.width = width;
  mark(box, "hot", share > 0.9);
  say(box.lastElementChild, text);
}

/** Says that there is nothing, and why. */
export function empty(parent, title, text) {
  let box = parent.firstElementChild;
  if (!box?.classList.contains("empty")) {
    parent.known = undefined;
    box = make("div", "empty");
    box.append(make("strong"), make("span"));
    parent.replaceChildren(box);
  }
  say(box.firstElementChild, title);
  say(box.lastElementChild, text);
}
