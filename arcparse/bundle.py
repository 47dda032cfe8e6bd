"""A bundle: the models that together make a pipeline, found by their names, and written as one directory or archive.

    parser/        tags, unless it has a tagger, and trees; its config.json names the other parts
    tagger/        tags, for a parser that needs them, or alone
    lemmatizer/    lemmas
    segmenter/     sentences and tokens of raw text
    vectors/       word vectors; a part that has others has them beside it, such as `segmenter-vectors`
    README.md      the card

Models that lie beside each other, such as those that are shipped, name each other in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from arcparse.checkpoint import (
    as_json,
    content_of,
    description_of,
    files_of,
    find_model,
    has_file,
    load_config,
    pack,
    replaced,
    sibling,
    write,
    wrong_kind,
)
from arcparse.checkpoint.places import HEADS
from arcparse.checkpoint.saved import CONFIG
from arcparse.errors import ConfigurationError, ModelError, shown
from arcparse.settings import as_dict, from_dict
from arcparse.tokenizer import SHIPPED, Language, find_tokenizer, read_language

Without = Literal["lemmas", "lemmatizer", "segmenter"]  # the first two mean the same
WITHOUT: tuple[Without, ...] = get_args(Without)

PARSER, TAGGER = HEADS  # the names of kinds of models, of their directories, and of keys of config.json
LEMMATIZER, SEGMENTER, VECTORS = "lemmatizer", "segmenter", "vectors"
PARTS = (TAGGER, LEMMATIZER, SEGMENTER)
# The part that each name leaves out.
REMOVED: dict[Without, str] = {"lemmas": LEMMATIZER, "lemmatizer": LEMMATIZER, "segmenter": SEGMENTER}
TOKENIZER = "tokenizer"  # the key of the rules that divide raw text: a name, or the table of a language
CARD = "README.md"
OTHER_ARCHIVES = {".7z", ".bz2", ".gz", ".tar", ".tgz", ".xz"}


@dataclass(frozen=True)
class Bundle:
    """The places of the models of a pipeline, None for those that it lacks, and the rules that divide raw text."""

    model: Path  # a parser, or a tagger alone
    kind: str
    tagger: Path | None
    lemmatizer: Path | None
    segmenter: Path | None
    tokenizer: str | Path | Language  # for `arcparse.tokenizer.find_tokenizer`

    @classmethod
    def find(
        cls,
        name_or_path: str | Path,
        *,
        tagger: str | Path | None = None,
        lemmatizer: str | Path | None = None,
        segmenter: str | Path | None = None,
        tokenizer: str | Path | None = None,
        without: Collection[Without] = (),
    ) -> Bundle:
        """Find a model and the parts that it names; given ones replace them, and those in `without` are left out.

        The rules of a `tokenizer` replace the model's segmenter. Raises ModelError if the model is missing or broken,
        ConfigurationError if a part is both given and left out.
        """
        check_without(without, lemmatizer=lemmatizer, segmenter=segmenter)
        model = find_model(name_or_path).resolve()
        kind, config = load_config(model)
        if kind not in HEADS:
            raise wrong_kind(model, kind, "a parser or a tagger", _use_of(kind))
        removed = {REMOVED[name] for name in without}
        left_out = {TAGGER: kind == TAGGER, LEMMATIZER: LEMMATIZER in removed}
        left_out[SEGMENTER] = SEGMENTER in removed or tokenizer is not None

        def place(part: str, given: str | Path | None) -> Path | None:
            if given is not None:
                return find_model(given, (part,)).resolve()
            return _named(model, part, config[part]) if config.get(part) and not left_out[part] else None

        parts = place(TAGGER, tagger), place(LEMMATIZER, lemmatizer), place(SEGMENTER, segmenter)
        return cls(model, kind, *parts, _rules(model, config) if tokenizer is None else tokenizer)

    def save(self, place: Path, *, card: str = "") -> None:
        """Write copies of all parts as a directory, or as an archive if the name ends with .zip; an older one goes.

        Raises ModelError if a part is broken, of another kind, or cannot be written, or if the directory holds other
        files; ConfigurationError if rules cannot be read, or the name is that of another kind of archive.
        """
        if place.suffix in OTHER_ARCHIVES:
            raise ConfigurationError(f"{place}: an archive of models is a .zip file; give a name that ends with .zip")
        if place.suffix == ".zip":
            from tempfile import TemporaryDirectory  # slow to import, and of no use to those who load

            with TemporaryDirectory(prefix="arcparse-") as folder:
                self.save(Path(folder) / "bundle", card=card)
                pack(Path(folder) / "bundle", place)
            return
        names = [self.kind, *PARTS]
        with replaced(place, (*HEADS, *PARTS, VECTORS, *(f"{name}-{VECTORS}" for name in names), CARD)) as fresh:
            for name, content in self._files():
                (fresh / name).parent.mkdir(exist_ok=True)
                write(fresh / name, content)
            if card:
                write(fresh / CARD, card.encode())

    def parts(self) -> dict[str, Path]:
        """Return the places of the models by their kinds."""
        others = {part: place for part in PARTS if (place := getattr(self, part))}
        return {self.kind: self.model, **others}

    @property
    def divided_by(self) -> str:
        """The divider of raw text, in words."""
        if self.segmenter:
            return "the segmenter"
        return "its own rules" if isinstance(self.tokenizer, Language) else f"the rules {str(self.tokenizer)!r}"

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """Give the names and contents of the bundle's files; vectors that several parts have are written once."""
        rules = _written(self.tokenizer)
        vectors: dict[str, str] = {}
        for part, place in self.parts().items():
            names: dict[str, Any] = {}
            _, config = load_config(place)
            if config.get(VECTORS):
                own = sibling(place, config[VECTORS])
                key = json.dumps(description_of(own)["sha256"], sort_keys=True)
                if key not in vectors:
                    vectors[key] = f"{part}-{VECTORS}" if vectors else VECTORS
                    yield from _copy(own, VECTORS, vectors[key], {})
                names[VECTORS] = vectors[key]
            if part == self.kind:
                names |= {other: other if getattr(self, other) else "" for other in PARTS if other != part}
                names[TOKENIZER] = rules
            yield from _copy(place, part, part, names)


def _copy(place: Path, kind: str, name: str, names: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give the files of a model for the directory `name`; its configuration gets other names of parts."""
    description = description_of(place)
    if description["kind"] != kind:
        raise wrong_kind(place, description["kind"], f"one of kind {kind!r}")
    description["config"] |= names
    yield f"{name}/{CONFIG}", as_json(description)
    for file, content in files_of(place).items():
        yield f"{name}/{file}", content


def _named(model: Path, part: str, name: str) -> Path:
    """Return the place of a part that a model names. Raises ModelError if it is not there."""
    place = sibling(model, name)
    if not has_file(place, CONFIG):
        names = (name for name, own in REMOVED.items() if own == part)
        without = next((f", or leave it out (without={[name]}, --without {name})" for name in names), "")
        raise ModelError(
            f"{place}: is not there, and the model {model} needs it as its {part}; copy both again{without}"
        )
    return place


def card_of(model: Path) -> str:
    """Return the card of a model: its own, or that of the bundle in which it is; empty if there is none."""
    places = [model, model.parent] if model.name in HEADS else [model]
    place = next((place for place in places if has_file(place, CARD)), None)
    return content_of(place, CARD).decode("utf-8", "replace") if place else ""


def _rules(model: Path, config: dict[str, Any]) -> str | Language:
    """Return the rules that a model names or holds. Raises ModelError for a name that arcparse lacks."""
    found, place = config.get(TOKENIZER, "en"), f"{model / CONFIG}: config.{TOKENIZER}"
    if isinstance(found, str) and found in SHIPPED:
        return found
    if not isinstance(found, dict):
        raise ModelError(f"{place} must be {', '.join(SHIPPED)} or the table of a language, not {shown(found)}")
    try:
        return from_dict(Language, found, place)
    except ConfigurationError as error:
        raise ModelError(f"{error}; copy the model again") from None


def _written(rules: str | Path | Language) -> str | dict[str, Any]:
    """Return rules as a configuration holds them. Raises ConfigurationError if they are those of no language."""
    if isinstance(rules, str) and rules in SHIPPED:
        return rules
    language = rules if isinstance(rules, Language) else read_language(rules)
    find_tokenizer(language)  # its lines can be read
    return as_dict(language)


def _use_of(kind: str) -> str:
    """Return the end of the message on a model that is only a part of others."""
    return f", and this model as its {kind}" if kind in PARTS else ""


def check_without(without: Collection[Without], **given: object) -> None:
    """Raise ConfigurationError for parts that cannot be left out, or that are `given` too."""
    if isinstance(without, str) or not isinstance(without, Collection) or not all(name in WITHOUT for name in without):
        names = " or ".join(map(repr, WITHOUT))
        raise ConfigurationError(f"without must be a list with {names}, such as ['lemmas'], not {shown(without)}")
    for name, part in REMOVED.items():
        if name in without and given.get(part) is not None:
            raise ConfigurationError(f"{part} is {str(given[part])!r}, but without has {name!r}; leave out one of them")
