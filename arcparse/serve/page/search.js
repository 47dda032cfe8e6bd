/** The view of the beam search step by step: stack, buffer, arcs so far and the hypotheses of the beam. */

import { beam } from "./beam.js";
import { arcs, lineage, path, told, turns } from "./derivation.js";
import { draw, figure, widthOf } from "./drawing.js";
import { find, form, make } from "./elements.js";
import { isRightToLeft, withArcs } from "./sentence.js";
import { isLeft, notice, traced } from "./server.js";

const BEAM = 8; // hypotheses, if the reader has chosen no number: a model’s own beam may be greedy
const PACE = 900; // milliseconds of a step
const NARROW = 600; // pixels; a tree on several lines would leave too little of the rest in view
const KEYS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

let shown = null; // the search in the view, or null
let playing = null; // the timer

export async function show(sentence, settings, signal) {
  stop();
  shown = null;
  signal.addEventListener("abort", stop);
  const view = find("view-search");
  try {
    const trace = await traced(sentence, { ...settings, beam: settings.beam ?? BEAM }, signal);
    if (!signal.aborted) begin(view, trace, sentence, signal);
  } catch (error) {
    if (!isLeft(error)) view.replaceChildren(notice(error, () => show(sentence, settings, signal)));
  }
}

function begin(view, trace, sentence, signal) {
  const parts = {
    ...controls(trace),
    configuration: make("div"),
    tree: figure("Arcs so far"),
    beam: make("div", { class: "table", role: "region", "aria-label": "Beam", tabindex: "0" }),
  };
  parts.configuration.dir = isRightToLeft(sentence) ? "rtl" : "ltr";
  shown = { trace, sentence, signal, parts, step: 0, followed: "winner", rank: 0, drawing: null };
  view.replaceChildren(parts.bar, parts.turns, parts.words, parts.configuration, parts.tree, parts.beam);
  follow("winner");
}

function controls(trace) {
  const last = trace.steps.length - 1;
  const button = (text, label, click, key) =>
    make("button", { type: "button", "aria-label": label, title: key ? `${label} (key ${key})` : label, click }, text);
  const slider = make("input", {
    type: "range",
    min: 0,
    max: last,
    value: 0,
    "aria-label": "Step",
    input: () => go(Number(slider.value)),
  });
  const play = button("Play", "Play the steps", () => (playing ? stop() : start()));
  const count = make("output", { class: "count" });
  const steps = make(
    "div",
    { class: "steps" },
    button("⇤", "To the start", () => go(0), "Home"),
    button("←", "One step back", () => go(shown.step - 1), "←"),
    play,
    button("→", "One step forward", () => go(shown.step + 1), "→"),
    button("⇥", "To the end", () => go(last), "End"),
  );
  const choice = make(
    "fieldset",
    { class: "choice" },
    make("legend", {}, "Follow"),
    radio("winner", "the winner", true),
    radio("greedy", "greedy search", false),
  );
  const found = turns(trace);
  const jumps = found.map(([step, meaning]) =>
    make("button", { type: "button", class: "turn", click: () => go(step) }, `Step ${step}: ${meaning}`),
  );
  const same = make("span", {}, "Greedy search finds the same derivation.");
  return {
    bar: make("div", { class: "player" }, steps, slider, count, choice),
    slider,
    play,
    count,
    turns: make("p", { class: "turns" }, ...(found.length ? jumps : [same])),
    words: make("p", { class: "narration", "aria-live": "polite" }),
  };
}

function radio(value, text, checked) {
  const input = make("input", { type: "radio", name: "followed", value, checked, change: () => follow(value) });
  return make("label", {}, input, make("span", {}, text));
}

/** Follow the winner or greedy search: draw its whole tree once, in which arcs then come and go. */
async function follow(followed) {
  const { trace, step } = shown;
  Object.assign(shown, { followed, beside: false, drawing: null });
  go(step);
  await drawArcs(path(trace, followed));
}

/** Go to a step of the followed derivation, or to the nearest that there is. */
function go(step) {
  const { trace, followed } = shown;
  const isBeside = shown.beside;
  shown.step = Math.max(0, Math.min(trace.steps.length - 1, step));
  shown.rank = trace.steps[shown.step][followed];
  shown.beside = false;
  if (isBeside) follow(followed);
  else render();
}

/** Show another hypothesis of this step, with its own arcs. */
async function look(rank) {
  const { trace, step, followed } = shown;
  if (rank === trace.steps[step][followed]) return go(step);
  stop();
  Object.assign(shown, { rank, beside: true, drawing: null });
  render();
  await drawArcs(lineage(trace, step, rank));
}

/** Draw the words with all arcs of a derivation. */
async function drawArcs(nodes) {
  const { sentence, signal, parts } = shown;
  const width = widthOf(parts.tree) < NARROW ? null : widthOf(parts.tree);
  const drawing = await draw(parts.tree, withArcs(sentence, arcs(nodes)), { colour: "label", width }, signal);
  if (!drawing) return;
  shown.drawing = drawing;
  reveal();
}

const nodesShown = ({ trace, followed, step, rank, beside }) =>
  beside ? lineage(trace, step, rank) : path(trace, followed).slice(0, step + 1);

function render() {
  const { trace, parts, step } = shown;
  const node = nodesShown(shown).at(-1);
  parts.slider.value = step;
  parts.count.value = `${step} of ${trace.steps.length - 1}`;
  parts.slider.setAttribute("aria-valuetext", `step ${step}: ${node.transition || "start"}`);
  const name = node.transition ? [make("code", {}, node.transition), " "] : [];
  parts.words.replaceChildren(...name, ...told(node, trace.forms));
  parts.configuration.replaceChildren(configuration(node, trace.forms, parts.configuration.dir === "ltr"));
  const focused = [...parts.beam.querySelectorAll("button")].indexOf(document.activeElement);
  parts.beam.replaceChildren(beam(shown, look));
  parts.beam.querySelectorAll("button")[focused]?.focus();
  reveal();
}

/** Show the arcs that there are so far, and where each word is. */
function reveal() {
  if (!shown?.drawing) return;
  const nodes = nodesShown(shown);
  const built = new Set(arcs(nodes).map((arc) => arc.dependent));
  const { stack, buffer, arc } = nodes.at(-1);
  for (const part of shown.drawing.querySelectorAll("[data-dependent]")) {
    part.classList.toggle("unbuilt", !built.has(Number(part.dataset.dependent)));
    part.classList.toggle("newest", Number(part.dataset.dependent) === arc?.dependent);
  }
  for (const part of shown.drawing.querySelectorAll("[data-word]")) {
    part.classList.toggle("on-stack", stack.includes(Number(part.dataset.word)));
    part.classList.toggle("waits", buffer.includes(Number(part.dataset.word)));
  }
  keepInView(shown.parts.tree, shown.drawing.querySelector(`[data-word="${stack.at(-1)}"]`));
}

/** Scroll a drawing that is wider than its place, so that a word is in its middle. */
function keepInView(place, word) {
  if (!word || place.scrollWidth <= place.clientWidth) return;
  const [own, around] = [word, place].map((element) => element.getBoundingClientRect());
  place.scrollLeft += own.left + own.width / 2 - around.left - around.width / 2;
}

/** Return stack and buffer side by side, the top of the one next to the front of the other. */
function configuration({ stack, buffer }, forms, isLeftToRight) {
  const chip = (token) => make("li", { class: token === 0 ? "chip root" : "chip" }, form(forms[token]));
  const side = (name, tokens, hint) =>
    make(
      "div",
      { class: `side ${name.toLowerCase()}` },
      make("p", {}, name, make("small", {}, hint)),
      make("ol", { "aria-label": name }, ...tokens.map(chip)),
    );
  const both = make(
    "div",
    { class: "configuration" },
    side("Stack", stack, isLeftToRight ? "top →" : "← top"),
    side("Buffer", buffer, isLeftToRight ? "← front" : "front →"),
  );
  requestAnimationFrame(() => {
    const list = both.querySelector(".stack ol");
    list.scrollLeft = getComputedStyle(list).direction === "rtl" ? -list.scrollWidth : list.scrollWidth; // to the top
  });
  return both;
}

function start() {
  if (shown.step === shown.trace.steps.length - 1) go(0);
  playing = setInterval(() => {
    go(shown.step + 1);
    if (shown.step === shown.trace.steps.length - 1) stop();
  }, PACE);
  shown.parts.play.textContent = "Pause";
  shown.parts.play.setAttribute("aria-label", "Pause the steps");
}

function stop() {
  clearInterval(playing);
  playing = null;
  if (!shown) return;
  shown.parts.play.textContent = "Play";
  shown.parts.play.setAttribute("aria-label", "Play the steps");
}

document.addEventListener("keydown", (event) => {
  const isElsewhere = event.target.closest?.("textarea, input, select, [role=tab], #sentences, .menu[open]");
  if (
    !shown ||
    find("view-search").hidden ||
    isElsewhere ||
    !(event.key in KEYS) ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  stop();
  const last = shown.trace.steps.length - 1;
  go(Math.max(0, Math.min(last, shown.step + KEYS[event.key])));
});
