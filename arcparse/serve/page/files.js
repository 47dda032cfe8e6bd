/** Copies and files of the result: CoNLL-U, JSON, SVG, PNG and the link. */

import { asFile } from "./drawing.js";
import { find, make } from "./elements.js";
import * as link from "./link.js";
import { conllu } from "./sentence.js";
import { Problem } from "./server.js";

const SCALE = 2; // pixels of a PNG picture for each of the drawing

/** Fill the sheet of exports; `current` returns the sentences of the answer, and the one that is shown. */
export function begin(current) {
  const json = (sentences) => `${JSON.stringify({ sentences }, null, 2)}\n`;
  const rows = [
    ["CoNLL-U, all sentences", "text.conllu", "text/plain", () => conllu(current().sentences)],
    ["CoNLL-U, this sentence", "sentence.conllu", "text/plain", () => conllu([current().shown])],
    ["JSON, all sentences", "text.json", "application/json", () => json(current().sentences)],
    ["SVG, this drawing", "tree.svg", "image/svg+xml", asFile],
    ["PNG, this drawing", "tree.png", "image/png", async () => png(await asFile())],
  ];
  const buttons = rows.map(([name, ...kind]) => line(name, ...kind));
  find("files").replaceChildren(...buttons, line("Link with this text", null, "text/plain", link.current));
  closeFromOutside(find("export"));
}

function line(name, file, type, content) {
  const say = (words) => (find("done").textContent = words);
  const act = (what, done) => async () => {
    try {
      await what();
      say(done);
    } catch (error) {
      say(error instanceof Problem ? error.message : `The browser did not allow it: ${error.message}`);
    }
  };
  const button = (text, what, done) =>
    make("button", { type: "button", "aria-label": `${text} ${name}`, click: act(what, done) }, text);
  const copied = button("Copy", () => copy(content, type), `Copied: ${name}.`);
  const saved = file && button("Download", async () => save(await content(), type, file), `Saved: ${file}.`);
  return make("div", { class: "file" }, make("span", {}, name), copied, saved);
}

/** Copy text, or a PNG picture; the content is a promise, so that the browser sees the click behind it. */
async function copy(content, type) {
  if (!navigator.clipboard)
    throw new Problem(
      "A page has no way to the clipboard unless its address begins with https or localhost. Download the file.",
    );
  if (type !== "image/png") return navigator.clipboard.writeText(await content());
  return navigator.clipboard.write([new ClipboardItem({ [type]: content() })]);
}

function save(content, type, name) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Turn a drawing into a PNG picture. */
async function png(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = make("canvas", { width: SCALE * image.width, height: SCALE * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function closeFromOutside(menu) {
  document.addEventListener("pointerdown", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
