/** The page: a text goes to the server as it is written, and its sentences come back. */

import * as alternatives from "./alternatives.js";
import * as comparison from "./comparison.js";
import { whenResized } from "./drawing.js";
import { counted, find, make, settled } from "./elements.js";
import * as files from "./files.js";
import * as link from "./link.js";
import * as reading from "./reading.js";
import * as search from "./search.js";
import { words } from "./sentence.js";
import { isLeft, models, notice, parsed, Problem } from "./server.js";
import * as tabs from "./tabs.js";
import * as tree from "./tree.js";

const PAUSE = 250; // milliseconds without a key before the text is parsed
const NOTICED = 500; // milliseconds without an answer until the page says that it waits
const EXAMPLES = [
  ["an easy sentence", "The old fisherman told them a story about the sea."],
  ["a garden path", "The old man the boats."],
  ["an attachment", "I saw the man with the telescope in the park."],
  [
    "a paragraph",
    "She opened the letter that had arrived that morning. Nobody knew who had written it! When the rain stopped, the children ran down to the river, where their father was mending the nets.",
  ],
];
const VIEWS = { tree, alternatives, search, comparison };

const page = { text: "", model: null, beam: null, sentences: [], chosen: 0, view: "tree", models: [] };
let parsing = new AbortController();
let showing = new AbortController();

const settings = () => ({ model: page.model, beam: page.beam });

async function begin() {
  try {
    const known = await models();
    page.models = known.models.filter(({ parser }) => parser);
    if (!page.models.length) throw new Problem("No model of this server makes trees. Start it with a parser.");
    page.model = page.models.some(({ name }) => name === known.default) ? known.default : page.models[0].name;
  } catch (error) {
    find("problem").replaceChildren(notice(error, begin));
    return;
  }
  find("problem").replaceChildren();
  fill();
  restore(true);
}

/** Fill the choices of models, beams and examples. */
function fill() {
  find("model").replaceChildren(...page.models.map(({ name }) => make("option", { value: name }, name)));
  const beams = comparison.BEAMS.map((beam) => make("option", { value: beam }, beam === 1 ? "1, greedy" : beam));
  find("beam").replaceChildren(make("option", { value: "" }, "default"), ...beams);
  const buttons = EXAMPLES.map(([name, text]) => make("button", { type: "button", click: () => write(text) }, name));
  find("examples").replaceChildren("Try ", ...buttons);
}

/** Take the text and the settings from the address; without one, show the first example. */
function restore(isFirst) {
  const given = link.read();
  if (given.text === null && !isFirst) return;
  if (page.models.some(({ name }) => name === given.model)) page.model = given.model;
  page.beam = comparison.BEAMS.includes(given.beam) ? given.beam : null;
  page.view = given.view in VIEWS ? given.view : "tree";
  find("model").value = page.model;
  find("beam").value = page.beam ?? "";
  find("text").value = given.text ?? EXAMPLES[0][1];
  parse((given.sentence ?? 1) - 1);
}

function write(text) {
  find("text").value = text;
  find("text").focus();
  parse(0);
}

/** Parse the text and show sentence `chosen`, counted from 0, or the last before it. */
async function parse(chosen) {
  page.text = find("text").value;
  parsing.abort();
  parsing = new AbortController();
  const { signal } = parsing;
  const started = performance.now();
  const waiting = setTimeout(() => (find("status").textContent = "parsing …"), NOTICED);
  try {
    const { sentences } = page.text.trim() ? await parsed(page.text, settings(), signal) : { sentences: [] };
    if (signal.aborted) return;
    const milliseconds = Math.round(performance.now() - started);
    find("problem").replaceChildren();
    page.sentences = sentences;
    page.chosen = Math.max(0, Math.min(chosen, sentences.length - 1));
    reading.show(sentences, page.chosen, choose);
    find("status").textContent = told(sentences, milliseconds);
    show();
  } catch (error) {
    if (isLeft(error)) return;
    find("status").textContent = "";
    find("problem").replaceChildren(notice(error, () => parse(page.chosen)));
  } finally {
    clearTimeout(waiting);
  }
}

function told(sentences, milliseconds) {
  if (!sentences.length) return "";
  const number = sentences.reduce((sum, sentence) => sum + words(sentence).length, 0);
  const time = milliseconds < 2000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  return `${counted(sentences.length, "sentence")}, ${counted(number, "word")}, ${time}`;
}

function choose(number) {
  page.chosen = number;
  reading.mark(number);
  show();
}

/** Show the chosen view of the chosen sentence; what is still under way for another is left. */
function show() {
  showing.abort();
  showing = new AbortController();
  link.write({ ...page, sentence: page.chosen + 1 });
  const sentence = page.sentences[page.chosen];
  find("sentence").hidden = !sentence;
  if (!sentence) return;
  tabs.select(page.view);
  find("look").hidden = page.view === "search";
  find("colours").hidden = page.view !== "tree";
  VIEWS[page.view].show(sentence, settings(), showing.signal, page.models);
}

function listen() {
  const later = settled(() => parse(page.chosen), PAUSE);
  find("text").addEventListener("input", later);
  find("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
      document.querySelector("[role=tab][aria-selected=true]").focus();
  });
  find("writing").addEventListener("submit", (event) => event.preventDefault());
  find("model").addEventListener("change", (event) => set({ model: event.target.value }));
  find("beam").addEventListener("change", (event) => set({ beam: Number(event.target.value) || null }));
  find("look").addEventListener("change", show);
  addEventListener("hashchange", () => restore(false));
  tabs.begin((view) => {
    page.view = view;
    show();
  });
  whenResized(show);
  files.begin(() => ({ sentences: page.sentences, shown: page.sentences[page.chosen] }));
}

function set(changed) {
  Object.assign(page, changed);
  parse(page.chosen);
}

listen();
begin();
