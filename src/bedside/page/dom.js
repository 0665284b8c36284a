// Building and changing elements; data only ever goes in as text.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [name]  classes
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, name = "", ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children);
  return node;
}

/**
 * Change the text only where it differs, so that a screen reader and the layout are left in peace.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** What an Error or a server says, as a sentence. @param {unknown} said */
export function sentence(said) {
  const text = said instanceof Error ? said.message : String(said);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * @param {Element} node
 * @param {boolean} shown
 */
export function show(node, shown) {
  node.toggleAttribute("hidden", !shown);
}

/**
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no #${id}`);
  return node;
}

/**
 * As many children as there are items: rows are kept and changed, not built again at every answer.
 * @template Item
 * @param {HTMLElement} list
 * @param {Item[]} items
 * @param {() => HTMLElement} build
 * @param {(row: HTMLElement, item: Item, index: number) => void} fill
 */
export function rows(list, items, build, fill) {
  while (list.children.length > items.length) list.lastElementChild?.remove();
  while (list.children.length < items.length) list.append(build());
  items.forEach((item, index) => fill(/** @type {HTMLElement} */ (list.children[index]), item, index));
}
