/**
 * A beam search as the server tells it: derivations through the beam, their arcs, turning points, and steps in words.
 *
 * Each step of a trace has its hypotheses, best first, and the ranks of the winner and of greedy search among them,
 * counted from 0; greedy search has none once it has fallen out of the beam.
 */

import { make } from "./elements.js";

/** Return the nodes of the derivation that ends in a hypothesis of a step, from the start. */
export function lineage(trace, step, rank) {
  const nodes = [];
  for (let at = step; at >= 0; at--) {
    nodes.unshift(trace.steps[at].hypotheses[rank]);
    rank = nodes[0].parent;
  }
  return nodes;
}

/** Return the nodes of the winner, or of greedy search, by step. */
export const path = (trace, followed) =>
  trace.steps.map((step) => (followed === "greedy" ? step.greedy_hypothesis : step.hypotheses[step.winner]));

export const arcs = (nodes) => nodes.map((node) => node.arc).filter(Boolean);

/** Return the turning points of the search as pairs of a step and its meaning. */
export function turns({ parts, overtakes, falls_out: fallsOut }) {
  const found = [
    [parts, "the winner and greedy search part"],
    [overtakes === parts ? null : overtakes, "the winner overtakes"],
    [fallsOut, "greedy search falls out of the beam"],
  ];
  return found.filter(([step]) => step !== null).sort(([one], [other]) => one - other);
}

/** Return the words for the transition that led to a node. */
export function told(node, forms) {
  const word = (token) => make("bdi", { class: "told" }, forms[token]);
  const relation = make("span", { class: "relation" }, node.arc?.label ?? "");
  if (node.transition.startsWith("SHIFT")) return [word(node.stack.at(-1)), " moves from the buffer onto the stack."];
  if (node.transition.startsWith("SWAP"))
    return [word(node.buffer[0]), " goes back to the buffer, behind the word on top of the stack."];
  if (node.arc?.head === 0) return [word(node.arc.dependent), " becomes the root of the sentence, as ", relation, "."];
  if (node.arc)
    return [
      word(node.arc.head),
      " takes ",
      word(node.arc.dependent),
      " as its ",
      relation,
      ", and ",
      word(node.arc.dependent),
      " leaves the stack.",
    ];
  if (node.transition) return [`${node.transition} is done.`];
  return ["The root stands on the stack, and all words wait in the buffer."];
}
