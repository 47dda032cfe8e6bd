/** The table of a beam: the hypotheses after a step, best first, and which of them lie on the two derivations. */

import { bar, form, make } from "./elements.js";

const STACK_SHOWN = 3; // words of a hypothesis
const BUFFER_SHOWN = 2;

/** Return the table of a step; `rank` is that of the hypothesis in view, and `look` shows another one. */
export function beam({ trace, step, rank, followed }, look) {
  const { hypotheses, greedy, greedy_hypothesis: outside } = trace.steps[step];
  const rows = hypotheses.map((node, at) => row(node, at, trace.steps[step], trace.forms, at === rank, look));
  if (greedy === null)
    rows.push(row(outside, null, trace.steps[step], trace.forms, followed === "greedy" && rank === null));
  const headings = ["", "Transition", "Score", "Stack", "Buffer"].map((name) =>
    make("th", { scope: "col" }, name || make("span", { class: "unseen" }, "Rank")),
  );
  const caption = make(
    "caption",
    {},
    `The beam of ${trace.beam} after this step, best first`,
    make("small", {}, " score: log-probability in nats; bar: share in the beam"),
  );
  return make(
    "table",
    { class: "beam" },
    caption,
    make("thead", {}, make("tr", {}, headings)),
    make("tbody", {}, rows),
  );
}

/** Return the row of a hypothesis; rank null is greedy search outside the beam. */
function row(node, rank, { hypotheses, winner, greedy }, forms, isShown, look) {
  const weight = ({ score }) => Math.exp(score - hypotheses[0].score);
  const share = weight(node) / hypotheses.reduce((sum, each) => sum + weight(each), 0);
  const names = [rank === winner && "winner", rank === greedy && "greedy"].filter(Boolean);
  const name = node.transition || "start";
  const button =
    rank === null
      ? name
      : make("button", { type: "button", "aria-pressed": String(isShown), click: () => look(rank) }, name);
  return make(
    "tr",
    { class: [isShown && "chosen", rank === null && "outside"].filter(Boolean).join(" ") || null },
    make("td", { class: "number" }, rank === null ? "–" : String(rank + 1)),
    make(
      "td",
      {},
      button,
      names.map((text) => make("span", { class: `badge ${text}` }, text)),
    ),
    make(
      "td",
      { class: "score" },
      make("span", { class: "share" }, rank === null ? null : bar(share), nats(node.score)),
    ),
    make("td", { class: "forms" }, stackText(node.stack, forms)),
    make("td", { class: "forms" }, bufferText(node.buffer, forms)),
  );
}

function stackText(tokens, forms) {
  const top = tokens.slice(-STACK_SHOWN).map((token) => form(forms[token]));
  return spaced(tokens.length > STACK_SHOWN ? ["…", ...top] : top);
}

function bufferText(tokens, forms) {
  const front = tokens.slice(0, BUFFER_SHOWN).map((token) => form(forms[token]));
  return spaced(tokens.length > BUFFER_SHOWN ? [...front, "…"] : front);
}

/** Return a score with two decimals; −0.00 becomes 0.00. */
const nats = (score) => (Math.round(100 * score) / 100 + 0).toFixed(2).replace("-", "−");

const spaced = (parts) => parts.flatMap((part) => [part, " "]);
