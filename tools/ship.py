"""Put a trained parser into the package: `python tools/ship.py RUN/best NAME --card CARD.md`.

Weights are stored as float16. A parser that follows a tagger brings it along as NAME-tagger; the pretrained vectors go
to VECTORS, which models that were trained with the same ones share.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from arcparse.checkpoint import SHIPPED, load_model, sibling
from arcparse.parser.model import Parser
from arcparse.tagger.model import Tagger

LIMIT = 20_000_000  # bytes of a shipped model


def main() -> None:
    """Copy the model, its tagger and its vectors, and say how large they are."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", type=Path, help="the best model of a training run")
    options.add_argument("name", help="what users will call it")
    options.add_argument("--vectors", default="en-vectors", help="the name of the shared vectors (default: en-vectors)")
    options.add_argument("--card", type=Path, required=True, help="the model card, in Markdown")
    args = options.parse_args()
    saved, parser = load_model(args.model), Parser.load(args.model)
    tagger = f"{args.name}-tagger" if saved.config["tagger"] else ""
    for name in filter(None, (args.name, tagger, args.vectors)):
        shutil.rmtree(SHIPPED / name, ignore_errors=True)
    parser.pretrained.save(SHIPPED / args.vectors)
    parser.save(SHIPPED / args.name, vectors=args.vectors, tagger=tagger, metadata=saved.metadata, half=True)
    if tagger:
        path = sibling(args.model, saved.config["tagger"])
        Tagger.load(path).save(SHIPPED / tagger, vectors=args.vectors, metadata=load_model(path).metadata, half=True)
    shutil.copy(args.card, SHIPPED / args.name / "README.md")
    for name in filter(None, (args.name, tagger, args.vectors)):
        size = sum(file.stat().st_size for file in (SHIPPED / name).iterdir())
        print(f"{SHIPPED / name}: {size / 1e6:.1f} MB")
        if size > LIMIT:
            raise SystemExit(f"{name}: over the limit of {LIMIT / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
