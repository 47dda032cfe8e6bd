/** The view of a tree: the drawing, coloured by confidence, above a table of the words. */

import { colour, draw, markWord } from "./drawing.js";
import { bar, find, form, make, percent } from "./elements.js";
import { confidenceOf, formOf, isRightToLeft, withConfidence } from "./sentence.js";
import { isLeft, scored } from "./server.js";

const HEADINGS = ["", "Form", "Lemma", "UPOS", "Head", "Relation", "Confidence", "XPOS", "Features"];
const PAUSE = 150; // milliseconds on a sentence before its confidences, which take longer than its tree, are asked for
const UNSURE = 0.8; // confidence below which an arc deserves a look

/** Show a sentence, first as it is, then with the confidence of its arcs. */
export async function show(sentence, settings, signal) {
  render(sentence, signal, true);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (signal.aborted) return;
  try {
    const best = await scored(sentence, settings, signal);
    if (!signal.aborted) await render(withConfidence(sentence, best), signal);
  } catch (error) {
    if (!isLeft(error)) find("unscored").textContent = `The confidence of the arcs is not known. ${error.message}`;
  }
}

async function render(sentence, signal, isUnscored = false) {
  const table = find("words");
  find("unscored").textContent = "";
  table.dir = isRightToLeft(sentence) ? "rtl" : "ltr"; // the end that is scrolled to first
  table.replaceChildren(tableOf(sentence, isUnscored));
  const drawing = await draw(find("tree"), sentence, { colour: colour() }, signal);
  if (!drawing) return;
  link(drawing, table);
}

/** Mark a word in the drawing and in the table at once, wherever the mouse or the keyboard is on it. */
function link(drawing, table) {
  const mark = (number) => {
    markWord(drawing, number);
    table
      .querySelectorAll("tr[data-word]")
      .forEach((row) => row.classList.toggle("marked", row.dataset.word === number));
  };
  for (const part of [
    ...drawing.querySelectorAll("[data-word], [data-dependent]"),
    ...table.querySelectorAll("tr[data-word]"),
  ]) {
    part.addEventListener("pointerenter", () => mark(part.dataset.word ?? part.dataset.dependent));
    part.addEventListener("pointerleave", () => mark(null));
  }
}

function tableOf(sentence, isUnscored) {
  const named = HEADINGS.map((name) => (isUnscored && name === "Confidence" ? `${name} …` : name));
  const heading = named.map((name) =>
    make("th", { scope: "col" }, name || make("span", { class: "unseen" }, "Number")),
  );
  const rows = sentence.tokens.map((token) => (Number.isInteger(token.id) ? rowOf(token, sentence) : rangeRow(token)));
  return make("table", {}, make("thead", {}, make("tr", {}, heading)), make("tbody", {}, rows));
}

function rowOf(token, sentence) {
  const head =
    token.head < 0 ? "" : [form(formOf(sentence, token.head)), token.head ? make("small", {}, ` ${token.head}`) : ""];
  return make(
    "tr",
    { "data-word": token.id },
    make("td", { class: "number" }, String(token.id)),
    make("th", { scope: "row" }, form(token.form)),
    make("td", {}, form(shown(token.lemma))),
    make("td", { class: "tag" }, shown(token.upos)),
    make("td", {}, head),
    make("td", {}, shown(token.deprel)),
    make("td", {}, confidence(token)),
    make("td", { class: "tag" }, shown(token.xpos)),
    make(
      "td",
      { class: "features" },
      ...shown(token.feats)
        .split("|")
        .map((pair) => make("span", {}, pair)),
    ),
  );
}

/** Return the row of a range or of an empty node, which have no place in the tree. */
const rangeRow = (token) =>
  make(
    "tr",
    { class: "range" },
    make("td", { class: "number" }, token.id),
    make("th", { scope: "row", colspan: HEADINGS.length - 1 }, form(token.form)),
  );

function confidence(token) {
  const share = confidenceOf(token);
  if (share === null) return "";
  return make("span", { class: share < UNSURE ? "share unsure" : "share" }, bar(share), percent(share));
}

const shown = (cell) => (cell === "_" || !cell ? "" : cell);
