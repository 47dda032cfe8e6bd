/** A sentence as the server gives it: its words, its tree, its differences from another, and its CoNLL-U. */

const COLUMNS = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];
const EMPTY = "_";
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u;

/** Return the syntactic words, without ranges such as 3-4 and empty nodes such as 8.1. */
export const words = (sentence) => sentence.tokens.filter((token) => Number.isInteger(token.id));

export const isRightToLeft = (sentence) => {
  const letters = sentence.text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => RIGHT_TO_LEFT.test(letter)).length > letters.length / 2;
};

/** Return the form of a word by its number; 0 is the root. */
export const formOf = (sentence, number) => (number === 0 ? "ROOT" : (words(sentence)[number - 1]?.form ?? EMPTY));

/** Return the words whose head or relation differs between two trees over the same words, as pairs. */
export const differences = (one, other) =>
  words(one)
    .map((word, index) => [word, words(other)[index]])
    .filter(([word, also]) => also && (word.head !== also.head || word.deprel !== also.deprel));

/** Return the sentence with the heads and relations of arcs, each {head, label, dependent}, and no others. */
export function withArcs(sentence, arcs) {
  const of = new Map(arcs.map((arc) => [arc.dependent, arc]));
  const tokens = sentence.tokens.map((token) => {
    const arc = of.get(token.id);
    return { ...token, head: arc?.head ?? -1, deprel: arc?.label ?? EMPTY };
  });
  return { ...sentence, tokens };
}

/** Return the sentence with the confidence of its heads in MISC; arcs that the scored tree does not have get none. */
export function withConfidence(sentence, best) {
  const confidence = new Map(
    words(best).map((word, index) => [word.id, { head: word.head, share: best.head_confidence[index] }]),
  );
  const tokens = sentence.tokens.map((token) => {
    const found = confidence.get(token.id);
    if (!found || found.head !== token.head) return token;
    const kept =
      token.misc === EMPTY ? [] : token.misc.split("|").filter((pair) => !pair.startsWith("HeadConfidence="));
    return { ...token, misc: [...kept, `HeadConfidence=${found.share.toFixed(4)}`].join("|") };
  });
  return { ...sentence, tokens };
}

/** Return the confidence of the head of a word, from 0 to 1; null if it is not known. */
export function confidenceOf(token) {
  const found = /(?:^|\|)HeadConfidence=([0-9.]+)/.exec(token.misc);
  return found ? Number(found[1]) : null;
}

/** Return sentences as CoNLL-U. */
export function conllu(sentences) {
  const cell = (token, column) => (column === "head" && token.head === -1 ? EMPTY : String(token[column] ?? EMPTY));
  const row = (token) => COLUMNS.map((column) => cell(token, column)).join("\t");
  return sentences.map(({ comments, tokens }) => [...comments, ...tokens.map(row), "", ""].join("\n")).join("");
}
