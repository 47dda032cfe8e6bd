"""Files of each format mutated at random: sentences that CoNLL-U can hold, or errors with a place; nothing else."""

from __future__ import annotations

import random
import re
from itertools import islice
from pathlib import Path

import pytest
from written import write

from arcparse.errors import TreebankError
from arcparse.formats import formats, guess, read_sentences
from arcparse.treebank import parse_conllu, read_conllu

FORMATS = {**formats(), **formats(columns=("form", "upos", "NER"))}
PENN = "( (S \n    (NP (DT The) (-NONE- *T*) (NN cat) )\n    (VP (VBZ sits) ) (. .) ))\n( (NP (NN -LRB-)))\n"
MUTANTS = 80  # of each format
MARKS = list('\t\n \r#()[],@\\"{}_01\0\x85\ufeff\u2028\u00a0')
LONG = ["9" * 30, "9" * 5000, "[" * 3000, "(" * 3000, '{"words":' * 1000]
BITS = [*MARKS, *LONG, "\n\n", "@1", "-1", "null", "->", "-DOCSTART-"]
BYTES = [b"\xff", b"\xc3", b"\xed\xa0\x80"]


def mutated(text: str, draw: random.Random) -> bytes:
    for _ in range(draw.randint(1, 4)):
        at, end = draw.randrange(len(text) + 1), draw.randrange(len(text) + 1)
        kind = draw.randrange(5)
        if kind == 0:
            text = text[:at] + draw.choice(BITS) + text[at:]
        elif kind == 1:
            text = text[:at] + draw.choice(BITS) + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + text[at + draw.randint(1, 20) :]
        elif kind == 3:
            text = text[: max(at, 1)]
        else:
            text = text[:at] + text[min(at, end) : min(at, end) + 40] + text[at:]
    data = text.encode("utf-8")
    if draw.randrange(6) == 0:
        at = draw.randrange(len(data) + 1)
        data = data[:at] + draw.choice(BYTES) + data[at:]
    return data


def check(path: Path, name: str | None) -> None:
    format = None if name is None else FORMATS[name]
    errors: list[TreebankError] = []
    try:
        found = list(read_sentences(path, format, name="f", on_error=errors.append))
    except TreebankError as error:
        errors.append(error)
        found = []
    for error in errors:
        assert re.match(r"f:\d+(?: \(sent_id .+?\))?: \S", str(error), re.DOTALL), error
        str(error).encode()
    if errors:
        with pytest.raises(TreebankError):
            list(read_sentences(path, format, name="f"))
    text = write(found, "conllu")
    assert parse_conllu(text) == found
    for sentence in found:
        place = re.fullmatch(r"f:(\d+)", sentence.place)
        assert place
        assert int(place[1]) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_mutant_is_read_or_refused(name: str, sample_treebank: Path, tmp_path: Path) -> None:
    some = list(islice(read_conllu(sample_treebank), 3))
    text = write(some, FORMATS[name]) if FORMATS[name].text else PENN
    draw, path = random.Random(f"{name} 1"), tmp_path / "mutant"
    for number in range(MUTANTS):
        path.write_bytes(mutated(text, draw))
        check(path, name if number % 4 else None)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_noise_is_read_or_refused(name: str, tmp_path: Path) -> None:
    draw, path = random.Random(name), tmp_path / "noise"
    for _ in range(30):
        noise = "".join(draw.choices([*BITS, "a", "b"], k=draw.randint(0, 30)))
        path.write_bytes(noise.encode())
        assert guess(noise) in FORMATS
        check(path, name)
