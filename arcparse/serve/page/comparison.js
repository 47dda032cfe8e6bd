/** The view of two analyses of a sentence in one drawing: two models, or two beams of one. */

import { draw, figure } from "./drawing.js";
import { counted, find, form, make } from "./elements.js";
import { differences, formOf, words } from "./sentence.js";
import { isLeft, notice, parsedAgain } from "./server.js";

export const BEAMS = [1, 2, 4, 8, 16, 32, 64];
const WIDE = 8;
let other = null; // the reader's choice, which stays from sentence to sentence

/** Return the name of a beam. */
export const beamName = (beam) => (beam === null ? "default beam" : beam === 1 ? "greedy" : `beam ${beam}`);

export async function show(sentence, settings, signal, models) {
  const view = find("view-comparison");
  const second = other ?? { model: settings.model, beam: settings.beam > 1 ? 1 : WIDE };
  const names = namesOf(settings, second);
  const place = figure("Both trees");
  const result = make("div");
  view.replaceChildren(
    choice(settings, second, models, () => show(sentence, settings, signal, models)),
    place,
    result,
  );
  try {
    const [one, two] = await Promise.all([settings, second].map((each) => parsedAgain(sentence, each, signal)));
    if (signal.aborted) return;
    await draw(place, two, { over: one, names }, signal);
    result.replaceChildren(...summary([one, two], names));
  } catch (error) {
    if (!isLeft(error)) result.replaceChildren(notice(error, () => show(sentence, settings, signal, models)));
  }
}

function namesOf(one, two) {
  if (one.model === two.model) return [one, two].map(({ beam }) => beamName(beam));
  if (one.beam === two.beam) return [one.model, two.model];
  return [one, two].map(({ model, beam }) => `${model}, ${beamName(beam)}`);
}

function choice(settings, second, models, changed) {
  const option = (model, beam) => {
    const selected = model === second.model && beam === second.beam;
    return make("option", { value: JSON.stringify({ model, beam }), selected }, `${model}, ${beamName(beam)}`);
  };
  const beams = [null, ...BEAMS];
  const groups = models.map(({ name }) =>
    make(
      "optgroup",
      { label: name },
      beams.map((beam) => option(name, beam)),
    ),
  );
  const change = (event) => {
    other = JSON.parse(event.target.value);
    changed();
    find("compared").focus();
  };
  const select = make("select", { id: "compared", change }, groups);
  return make(
    "p",
    { class: "hint" },
    `${settings.model}, ${beamName(settings.beam)}, compared with `,
    make("label", {}, make("span", { class: "unseen" }, "Compared with"), select),
  );
}

function summary([one, two], names) {
  const changed = differences(one, two);
  const all = words(one).length;
  if (!changed.length)
    return [make("p", { class: "agreement" }, `Both find the same tree of ${counted(all, "word")}.`)];
  const arc = (word, tree) => [`${word.deprel} of `, form(formOf(tree, word.head))];
  const rows = changed.map(([word, also]) =>
    make(
      "tr",
      {},
      make("td", { class: "number" }, String(word.id)),
      make("th", { scope: "row" }, form(word.form)),
      make("td", {}, arc(word, one)),
      make("td", {}, arc(also, two)),
    ),
  );
  const headings = ["Number", "Word", ...names].map((name, column) =>
    make("th", { scope: "col" }, column ? name : make("span", { class: "unseen" }, name)),
  );
  const table = make("table", {}, make("thead", {}, make("tr", {}, headings)), make("tbody", {}, rows));
  return [
    make("p", { class: "agreement" }, `They agree on ${all - changed.length} of ${counted(all, "arc")}.`),
    make("div", { class: "table", role: "region", "aria-label": "Differences", tabindex: "0" }, table),
  ];
}
