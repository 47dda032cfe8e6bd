"""Fit the temperatures of a parser to a development treebank: `python tools/calibrate.py MODEL DEV.conllu`.

The temperatures are written into the config.json of the model. Trees do not change; their probabilities and the
confidences of their arcs do.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from arcparse import Pipeline, read_conllu
from arcparse.checkpoint.saved import CONFIG
from arcparse.cli.options import whole
from arcparse.parser.parse import SAMPLES
from arcparse.parser.temperature import fit_temperatures
from arcparse.settings.limits import BEAM
from arcparse.settings.limits import SAMPLES as SAMPLES_RANGE

NAMES = ("temperature", "sampling_temperature")


def main() -> None:
    """Fit, write and print the temperatures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", type=Path, help="a model directory")
    options.add_argument("gold", help="CoNLL-U file with gold trees that are not training data of the model")
    options.add_argument(
        "--beam", type=whole(BEAM), default=8, help="hypotheses, as when the model is used (default: 8)"
    )
    options.add_argument(
        "--samples", type=whole(SAMPLES_RANGE), default=SAMPLES, help=f"trees drawn (default: {SAMPLES})"
    )
    options.add_argument("--given-tags", action="store_true", help="parse with the tags of GOLD")
    args = options.parse_args()
    nlp, gold = Pipeline.load(args.model), list(read_conllu(args.gold))
    tagged = nlp.tag_sentences(gold, args.given_tags)
    config = fit_temperatures(
        nlp.parser, tagged, given_tags=args.given_tags, beam=args.beam, samples=args.samples
    ).config
    file = args.model / CONFIG
    description = json.loads(file.read_text(encoding="utf-8"))
    description["config"]["parser"] |= {name: getattr(config, name) for name in NAMES}
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(description, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(fresh, file)  # in one step: a process that is killed leaves the old file or the new one
    print(", ".join(f"{name} {getattr(config, name):g}" for name in NAMES))


if __name__ == "__main__":
    main()
