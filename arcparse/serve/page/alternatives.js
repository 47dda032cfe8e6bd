/** The view of the best trees of a sentence, with their probabilities and their differences from the best one. */

import { draw, figure } from "./drawing.js";
import { bar, find, form, make, percent } from "./elements.js";
import { differences, formOf } from "./sentence.js";
import { best, isLeft, notice } from "./server.js";

const MOST = 8; // trees
const SHOWN = 3; // differences of a tree

export async function show(sentence, settings, signal) {
  const view = find("view-alternatives");
  try {
    const most = Math.min(MOST, settings.beam ?? MOST); // a beam holds no more trees than it is wide
    const parses = await best(sentence, settings, most, signal);
    if (!signal.aborted) render(view, parses, signal);
  } catch (error) {
    if (!isLeft(error)) view.replaceChildren(notice(error, () => show(sentence, settings, signal)));
  }
}

function render(view, parses, signal) {
  const place = figure("The chosen tree");
  const choose = (rank) => {
    buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === rank)));
    const look = rank === 0 ? {} : { over: parses[0], names: ["the best", `tree ${rank + 1}`] };
    draw(place, parses[rank], look, signal);
  };
  const buttons = parses.map((parse, rank) =>
    make("button", { type: "button", class: "alternative", click: () => choose(rank) }, line(parse, rank, parses[0])),
  );
  const rest = 1 - parses.reduce((sum, { probability }) => sum + probability, 0);
  const more = rest > 0.005 ? ` All others together have ${percent(rest)}.` : "";
  const hint =
    parses.length > 1
      ? `The probability of each tree among those in the beam.${more}`
      : "The beam holds this tree alone; a wider beam may hold others.";
  const list = make("ol", { class: "alternatives" }, ...buttons.map((button) => make("li", {}, button)));
  view.replaceChildren(make("p", { class: "hint" }, hint), list, place);
  choose(0);
}

function line(parse, rank, best) {
  const changed = differences(best, parse);
  const texts = changed
    .slice(0, SHOWN)
    .map(([, word]) =>
      make("span", { class: "change" }, form(word.form), ` ${word.deprel} of `, form(formOf(parse, word.head))),
    );
  if (changed.length > SHOWN) texts.push(make("span", { class: "change" }, `${changed.length - SHOWN} more`));
  const text = rank === 0 ? [make("span", { class: "change" }, "the best tree")] : texts;
  return [
    make("span", { class: "rank" }, String(rank + 1)),
    make("span", { class: "share" }, bar(parse.probability), percent(parse.probability)),
    make("span", { class: "changes" }, text),
  ];
}
