"""Put a trained model into the package: `python tools/ship.py RUN/best NAME --card CARD.md`.

Weights are stored as float16. If a parser needs a tagger, the tagger is stored as NAME-tagger. The pretrained vectors
are stored as VECTORS; all models that were trained with them share these. Tagger and vectors keep their old cards, and
a parser its lemmatiser and segmenter.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

from arcparse import seq2seq
from arcparse.bundle import LEMMATIZER, SEGMENTER
from arcparse.checkpoint import as_json, load_config, load_model, sibling
from arcparse.checkpoint.places import SHIPPED
from arcparse.checkpoint.saved import CONFIG
from arcparse.cli.options import whole
from arcparse.lexicon.pretrained import Pretrained
from arcparse.parser.model import Parser
from arcparse.settings.limits import BEAM
from arcparse.tagger.model import Tagger

CARD = "README.md"
LIMIT = 20_000_000  # bytes of a shipped model


def main() -> None:
    """Copy the model with its tagger and vectors, and print their sizes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", type=Path, help="the best model of a training run")
    options.add_argument("name", help="the name of the shipped model")
    options.add_argument("--vectors", default="en-vectors", help="the name of the shared vectors (default: en-vectors)")
    options.add_argument(
        "--beam", type=whole(BEAM), help="hypotheses, if users do not choose a number (default: as trained)"
    )
    options.add_argument("--card", type=Path, required=True, help="the model card, in Markdown")
    args = options.parse_args()
    kind, _ = load_config(args.model)
    names = ship_parser(args) if kind == "parser" else ship_recurrent(args)
    shutil.copy(args.card, SHIPPED / args.name / CARD)
    for name in names:
        size = sum(file.stat().st_size for file in (SHIPPED / name).iterdir())
        print(f"{SHIPPED / name}: {size / 1e6:.1f} MB")
        if size > LIMIT:
            raise SystemExit(f"{name}: is over the limit of {LIMIT / 1e6:.0f} MB")


def ship_parser(args: argparse.Namespace) -> list[str]:
    """Copy a parser, its tagger and its vectors; return their names."""
    saved, parser = load_model(args.model), Parser.load(args.model)
    tagger = f"{args.name}-tagger" if saved.config["tagger"] else ""
    names = list(filter(None, (args.name, tagger, args.vectors)))
    cards = {SHIPPED / name / CARD: (SHIPPED / name / CARD).read_bytes() for name in names[1:]}
    others = parts_of(args.name)
    if args.beam:
        parser.config = replace(parser.config, beam=args.beam)
    for name in names:
        shutil.rmtree(SHIPPED / name, ignore_errors=True)
    parser.pretrained.save(SHIPPED / args.vectors)
    parser.save(SHIPPED / args.name, vectors=args.vectors, tagger=tagger, metadata=saved.metadata, half=True)
    if tagger:
        path = sibling(args.model, saved.config["tagger"])
        Tagger.load(path).save(SHIPPED / tagger, vectors=args.vectors, metadata=load_model(path).metadata, half=True)
    file = SHIPPED / args.name / CONFIG
    description = json.loads(file.read_bytes())
    description["config"] |= others
    file.write_bytes(as_json(description))
    for place, card in cards.items():
        place.write_bytes(card)
    return names


def parts_of(name: str) -> dict[str, str]:
    """Return the names of the lemmatiser and the segmenter that the model has had so far."""
    if not (SHIPPED / name / CONFIG).exists():
        return {}
    _, config = load_config(SHIPPED / name)
    return {part: config[part] for part in (LEMMATIZER, SEGMENTER) if part in config}


def ship_recurrent(args: argparse.Namespace) -> list[str]:
    """Copy a lemmatiser, a segmenter or another recurrent model; its vectors must have been shipped before."""
    saved, model = load_model(args.model), seq2seq.load(args.model)
    shutil.rmtree(SHIPPED / args.name, ignore_errors=True)
    if not isinstance(model, seq2seq.Segmenter):
        model.save(SHIPPED / args.name, metadata=saved.metadata, half=True)
    else:
        vectors = args.vectors if model.pretrained.dimension else ""
        if vectors and not model.pretrained.same_as(Pretrained.load(SHIPPED / vectors)):
            raise SystemExit(
                f"{args.model}: was trained with other vectors than {vectors}; give their name by --vectors"
            )
        model.save(SHIPPED / args.name, vectors=vectors, metadata=saved.metadata, half=True)
    return [args.name]


if __name__ == "__main__":
    main()
