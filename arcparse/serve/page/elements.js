/** The parts of the page: elements with their attributes, and the words for numbers. */

/** Return an element; a function is a listener, a truth value an attribute without a value. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (id) => document.getElementById(id);

/** Return a form in its own direction, which does not change that of the text around it. */
export const form = (text, className = "form") => make("bdi", { class: className }, text);

export const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Return a share from 0 to 1 in percent; only certainty is called 100%, and only impossibility 0%. */
export function percent(share) {
  if (share > 0 && share < 0.01) return "<1%";
  if (share > 0.99 && share < 1) return ">99%";
  return `${Math.round(100 * share)}%`;
}

/** Return a bar whose length is a share of its place. */
export function bar(share) {
  const filled = make("span");
  filled.style.inlineSize = `${100 * Math.max(0, Math.min(1, share))}%`; // a style attribute would be against the policy
  return make("span", { class: "bar-of", "aria-hidden": "true" }, filled);
}

/** Return a function that acts once calls have stopped for some milliseconds. */
export function settled(action, milliseconds) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}
