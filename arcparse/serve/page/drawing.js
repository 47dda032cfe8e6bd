/** Drawings of trees in the page, made by the server for the width that there is. */

import { find, make, settled } from "./elements.js";
import { isRightToLeft } from "./sentence.js";
import { drawn, isLeft, notice, Problem } from "./server.js";

const LEAST = 300; // pixels of a line
const COARSE = 20; // pixels, so that a window that changes a little keeps its drawings

/** Return the colouring that the reader has chosen. */
export const colour = () => document.querySelector("input[name=colour]:checked").value;

/** Return the width of a drawing in `place`. */
export const widthOf = (place) => Math.max(LEAST, Math.floor(place.clientWidth / COARSE) * COARSE);

const FILE = 1100; // pixels of a line in a file
const latest = new WeakMap(); // by place, the control of the drawing that is made last
const contents = new WeakMap(); // by place, the sentence and the look of the drawing that is shown

/** Draw a sentence into `place`; `look` is that of the server, without a width. Returns the drawing, null if it is too late. */
export async function draw(place, sentence, look, signal) {
  latest.get(place)?.abort();
  const own = new AbortController();
  latest.set(place, own);
  try {
    const width = find("one-line").checked ? null : widthOf(place);
    const text = await drawn(sentence, { width, ...look }, AbortSignal.any([signal, own.signal]));
    if (signal.aborted || own.signal.aborted) return null;
    const drawing = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
    drawing.querySelector(":scope > title")?.remove(); // the name below says it without a tooltip over all
    drawing.setAttribute("aria-label", `Tree of: ${sentence.text}`);
    place.dir = isRightToLeft(sentence) ? "rtl" : "ltr";
    place.replaceChildren(drawing);
    contents.set(place, [sentence, look]);
    scrollable(place);
    return drawing;
  } catch (error) {
    if (!isLeft(error)) place.replaceChildren(notice(error, () => draw(place, sentence, look, signal)));
    return null;
  }
}

/** Return the drawing of the view as the text of an SVG file, with lines of a page's width. */
export function asFile() {
  const [sentence, look] = contents.get(document.querySelector("[role=tabpanel]:not([hidden]) figure")) ?? [];
  if (!sentence) throw new Problem("The drawing is not ready yet. Try again in a moment.");
  return drawn(sentence, { ...look, width: find("one-line").checked ? null : FILE });
}

/** Let the keyboard reach a drawing that is wider than its place. */
function scrollable(place) {
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  else place.removeAttribute("tabindex");
}

/** Call an action when the width for drawings in the page has changed. */
export function whenResized(action) {
  let width = widthOf(find("sentence"));
  const check = settled(() => {
    if (widthOf(find("sentence")) === width) return;
    width = widthOf(find("sentence"));
    action();
  }, 150);
  new ResizeObserver(check).observe(find("sentence"));
}

/** Mark a word and the arc to it in a drawing; none for null. */
export function markWord(drawing, number) {
  drawing?.querySelectorAll("[data-word], [data-dependent]").forEach((part) => {
    const own = part.dataset.word ?? part.dataset.dependent;
    part.classList.toggle("marked", own === String(number));
  });
}

/** Return an empty place for a drawing. */
export const figure = (label) => make("figure", { "aria-label": label });
