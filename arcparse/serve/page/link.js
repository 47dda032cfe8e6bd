/** The link that holds the text: everything behind “#”, which a browser does not send to a server. */

import { Problem } from "./server.js";

const LONGEST = 20000; // letters of a link that programs pass on

let holdsText = false; // whether the address does

/** Return the settings of the page's address: text, model, beam, sentence (from 1) and view, each perhaps missing. */
export function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (/^[1-9][0-9]*$/.test(given.get(name)) ? Number(given.get(name)) : null);
  return {
    text: given.get("text"),
    model: given.get("model"),
    beam: number("beam"),
    sentence: number("sentence"),
    view: given.get("view"),
  };
}

/** Put settings into the page's address, without a step in the browser's history; a text that is too long stays out. */
export function write({ text, model, beam, sentence, view }) {
  const kept = Object.entries({
    text,
    model,
    beam,
    sentence: sentence === 1 ? null : sentence,
    view: view === "tree" ? null : view,
  });
  const fragment = new URLSearchParams(kept.filter(([, value]) => value !== null && value !== "")).toString();
  holdsText = Boolean(text) && fragment.length <= LONGEST;
  history.replaceState(null, "", holdsText ? `#${fragment}` : location.pathname + location.search);
}

/** Return the link. Raises a Problem, in words for the reader, if the text is too long for it. */
export function current() {
  if (holdsText) return location.href;
  throw new Problem("The text is too long for a link that programs pass on. Download it as CoNLL-U or JSON.");
}
