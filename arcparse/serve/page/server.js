/** Questions to the server, and its problems in words. */

import { make } from "./elements.js";
import { conllu } from "./sentence.js";

const REMEMBERED = 200; // answers
const answers = new Map(); // by the question, the oldest first

/** A problem in words for the reader. */
export class Problem extends Error {}

export const models = () => asked("v1/models");

/** Return the sentences of a text. */
export const parsed = (text, { model, beam }, signal) => asked("v1/parse", { text, model, beam }, signal);

/** Return the same words with the tree of a model and beam. */
export const parsedAgain = (sentence, settings, signal) => ofOne(sentence, settings, signal);

/** Return the same words with the confidence of their arcs. */
export const scored = (sentence, settings, signal) => ofOne(sentence, { ...settings, scores: true }, signal);

/** Return the best trees of the same words, at most so many. */
export const best = async (sentence, settings, most, signal) =>
  (await ofOne(sentence, { ...settings, nbest: most }, signal)).nbest;

/** Return the search for a tree of the same words, step by step. */
export const traced = (sentence, { model, beam }, signal) =>
  asked("v1/trace", { sentences: [bare(sentence)], model, beam }, signal);

/**
 * Return the drawing of a sentence as the text of an SVG file. The look has a width in pixels, null for a single line,
 * and a colouring; or another analysis of the same words as `over`, and the names of both.
 */
export function drawn(sentence, { over, ...look }, signal) {
  const { comments, tokens } = sentence;
  return asked(
    "v1/draw",
    { sentences: [{ comments, tokens }], ...look, ...(over && { gold: conllu([over]) }) },
    signal,
  );
}

/** Return whether an error only says that nobody waits for the answer any more. */
export const isLeft = (error) => error.name === "AbortError";

/** Return a notice with the words of a problem and, if it may pass, a button. */
export function notice(error, again) {
  const words = error instanceof Problem ? error.message : `The page has a fault: ${error.message}.`;
  if (!(error instanceof Problem)) console.error(error);
  const button = again && make("button", { type: "button", click: again }, "Try again");
  return make("div", { class: "problem", role: "alert" }, make("p", {}, words), button);
}

/** Return a sentence of words and spaces alone: its tags and tree are those that are asked for. */
function bare(sentence) {
  const tokens = sentence.tokens.map(({ id, form, misc }) => ({ id, form, misc: misc ?? "_" }));
  return { comments: [`# text = ${sentence.text}`], tokens };
}

async function ofOne(sentence, options, signal) {
  const { sentences } = await asked("v1/parse", { sentences: [bare(sentence)], ...options }, signal);
  return sentences[0];
}

async function asked(path, question, signal) {
  const body = question && JSON.stringify(question);
  const key = `${path} ${body}`;
  if (!answers.has(key)) answers.set(key, await fetched(path, body, signal));
  if (answers.size > REMEMBERED) answers.delete(answers.keys().next().value);
  return answers.get(key);
}

async function fetched(path, body, signal) {
  const headers = { "content-type": "application/json" };
  let answer;
  try {
    answer = await fetch(path, body ? { method: "POST", headers, body, signal } : { signal });
    if (answer.ok)
      return await ((answer.headers.get("content-type") ?? "").includes("json") ? answer.json() : answer.text());
  } catch (error) {
    if (isLeft(error)) throw error;
    throw new Problem("The server does not answer. Is “arcparse serve” still running?");
  }
  throw new Problem(await inWords(answer));
}

const MEANINGS = {
  413: "The text is too long for this server. Shorten it, or parse the file with “arcparse parse”.",
  429: "The server has too many requests at the moment. Try again in a few seconds.",
  503: "The server is busy, or about to stop. Try again in a few seconds, or send less at a time.",
};

async function inWords(answer) {
  const { error } = await answer.json().catch(() => ({}));
  if (answer.status in MEANINGS) return MEANINGS[answer.status];
  if (error) return `The server says: ${error}.`;
  return `The server answered with the status ${answer.status}. Its log may say more.`;
}
