/** The sentences of the text as running text, one of them chosen, by the mouse or the arrow keys. */

import { find, make } from "./elements.js";

const BEGINS = ["# newdoc", "# newpar"]; // comments at the beginning of a paragraph
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

const options = () => [...find("sentences").querySelectorAll("[role=option]")];

/** Show the sentences; `choose` is called with the number, from 0, of the one that the reader chooses. */
export function show(sentences, chosen, choose) {
  find("reading").hidden = sentences.length < 2;
  const paragraphs = [];
  sentences.forEach((sentence, number) => {
    if (number === 0 || beginsParagraph(sentence)) paragraphs.push(make("div", { role: "group" }));
    paragraphs.at(-1).append(make("span", { role: "option", click: () => choose(number) }, sentence.text), " ");
  });
  find("sentences").replaceChildren(...paragraphs);
  find("sentences").onkeydown = (event) => {
    if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const now = options().findIndex((option) => option.ariaSelected === "true");
    const next = Math.max(0, Math.min(sentences.length - 1, now + STEPS[event.key]));
    choose(next);
    options()[next].focus();
  };
  mark(chosen);
}

const beginsParagraph = ({ comments }) => comments.some((line) => BEGINS.some((begin) => line.startsWith(begin)));

/** Mark the chosen sentence, the only one that the tab key stops at. */
export function mark(chosen) {
  options().forEach((option, number) => {
    option.setAttribute("aria-selected", String(number === chosen));
    option.tabIndex = number === chosen ? 0 : -1;
    if (number === chosen) scrollTo(option);
  });
}

/** Scroll the list, and not the page, to a sentence outside of its view. */
function scrollTo(option) {
  const list = find("sentences");
  const [own, around] = [option, list].map((element) => element.getBoundingClientRect());
  if (own.top < around.top || own.bottom > around.bottom) list.scrollTop += own.top - around.top;
}
