from __future__ import annotations

import pytest
import torch
from overfitted import sample

from arcparse.errors import ModelError
from arcparse.lexicon.tags import COLUMN, TagColumns, lacks_tags, with_given, with_tags
from arcparse.networks.tags import TagLayer, best_tags, completed, flat_ids, tag_ids, tag_loss
from arcparse.sentence import EMPTY, Sentence
from arcparse.vocabulary import SPECIALS, Vocabulary


@pytest.fixture(scope="module")
def columns() -> TagColumns:
    return TagColumns.build(sample())


def test_ids_and_symbols_are_inverse(columns: TagColumns) -> None:
    ids, lengths = tag_ids(columns, sample()), list(map(len, sample()))
    assert set(ids) == {"upos", "xpos", "feats"}
    assert {tags.shape for tags in ids.values()} == {(len(sample()), max(lengths) + 1)}
    assert all((tags[:, 0] == Vocabulary.PAD).all() for tags in ids.values())
    assert all((flat_ids(ids, lengths)[name] == own).all() for name, own in columns.ids(sample()).items())
    for sentence, tags in zip(sample(), columns.symbols(flat_ids(ids, lengths), lengths), strict=True):
        assert (tags["upos"], tags["xpos"], tags["feats"]) == tuple(
            map(list, (sentence.upos, sentence.xpos, sentence.feats))
        )


def test_an_unseen_tag_is_unknown(columns: TagColumns) -> None:
    odd = Sentence.from_forms(["a"]).replace(upos=["ODD"])
    assert columns.ids([odd])["upos"].tolist() == [Vocabulary.PAD, Vocabulary.UNKNOWN]
    assert columns.sizes["upos"] == len({tag for s in sample() for tag in s.upos}) + len(SPECIALS)


MADE = {"upos": ["NOUN", "VERB"], "xpos": ["P", "Q"], "feats": ["F=1", "Z=3"]}


@pytest.mark.parametrize(
    ("upos", "xpos", "feats", "kept"),
    [
        ("DET _", "_ NN", "X=1 Y=2", ("DET VERB", "_ NN", "X=1 Y=2")),
        ("DET _", "_ _", "_ _", ("DET VERB", "P Q", "F=1 Z=3")),
        ("_ _", "DT _", "_ _", ("NOUN VERB", "DT Q", "F=1 Z=3")),
        ("_ _", "_ _", "_ Y=2", ("NOUN VERB", "P Q", "F=1 Y=2")),
        ("DET X", "_ _", "_ Y=2", ("DET X", "P Q", "_ Y=2")),
        ("DET X", "DT FW", "_ _", ("DET X", "DT FW", "F=1 Z=3")),
        ("_ _", "_ _", "_ _", ("NOUN VERB", "P Q", "F=1 Z=3")),
    ],
)
def test_each_given_tag_stays_and_the_others_are_made(upos: str, xpos: str, feats: str, kept: tuple[str, ...]) -> None:
    sentence = Sentence.from_forms(["a", "b"]).replace(upos=upos.split(), xpos=xpos.split(), feats=feats.split())
    assert tuple(" ".join(column) for column in with_given(sentence, MADE).values()) == kept
    assert with_given(sentence, {}) == {}
    assert lacks_tags(sentence, COLUMN)
    assert not lacks_tags(with_tags(sentence, MADE), COLUMN)
    assert lacks_tags(sentence, ["upos"]) == (EMPTY in upos)


def test_ids_of_given_tags_are_unknown_elsewhere(columns: TagColumns) -> None:
    sentence = sample()[0]
    own = tag_ids(columns, [sentence])
    without = sentence.replace(xpos=[EMPTY] * len(sentence))
    given = tag_ids(columns, [without, Sentence.from_forms(["a"])], only_given=True)
    assert given["upos"][:1].equal(own["upos"])
    assert given["xpos"][0].tolist() == [Vocabulary.PAD] + [Vocabulary.UNKNOWN] * len(sentence)
    assert [ids[1, :2].tolist() for ids in given.values()] == [[Vocabulary.PAD, Vocabulary.UNKNOWN]] * 3


def test_tags_are_exchanged_in_the_columns_that_are_named() -> None:
    sentence = sample()[0]
    assert with_tags(sentence, {}) == sentence
    changed = with_tags(sentence, {"xpos": ["Q"] * len(sentence)})
    assert (set(changed.xpos), changed.upos, changed.feats) == ({"Q"}, sentence.upos, sentence.feats)


def test_the_specials_are_never_predicted() -> None:
    layer = TagLayer(5, {"upos": 6, "xpos": 3})
    scores = layer(torch.randn(4, 7, 5))
    assert {name: score.shape for name, score in scores.items()} == {"upos": (4, 7, 4), "xpos": (4, 7, 1)}
    for best in best_tags(scores).values():
        assert (best[:, 0] == Vocabulary.PAD).all()
        assert (best[:, 1:] >= len(SPECIALS)).all()


def test_the_best_tag_has_the_best_score() -> None:
    scores = {"upos": torch.tensor([[[9.0, 0.0], [1.0, 2.0], [2.0, 1.0]]])}
    assert best_tags(scores)["upos"].tolist() == [[Vocabulary.PAD, 3, 2]]


def test_the_loss_is_the_mean_over_known_tags_summed_over_columns() -> None:
    gold = {"upos": torch.tensor([[0, 2, 3], [0, 1, 0]]), "xpos": torch.tensor([[0, 4, 2], [0, 3, 0]])}
    generator = torch.Generator().manual_seed(0)
    scores = {"upos": torch.randn(2, 3, 2, generator=generator), "xpos": torch.randn(2, 3, 3, generator=generator)}
    expected = sum(
        -sum(scores[name][place].log_softmax(0)[tag] for place, tag in places) / len(places)
        for name, places in (
            ("upos", [((0, 1), 0), ((0, 2), 1)]),  # the root, padding and <unk> are left out
            ("xpos", [((0, 1), 2), ((0, 2), 0), ((1, 1), 1)]),
        )
    )
    torch.testing.assert_close(tag_loss(scores, gold), expected)


def combined(*combinations: str) -> TagColumns:
    names = {"upos": ("NOUN", "VERB"), "xpos": ("NN", "VB", "VBD"), "feats": ("_", "Tense=Past")}
    return TagColumns({name: Vocabulary((*SPECIALS, *tags)) for name, tags in names.items()}, combinations)


def made_tags(columns: TagColumns, **tags: str) -> tuple[str, ...]:
    """The tags of one word whose best ones, each for itself, are NOUN, NN and Tense=Past."""
    scores = {"upos": [2.0, 1.0], "xpos": [3.0, 1.0, 2.0], "feats": [0.0, 1.0]}
    sentence = Sentence.from_forms(["a"]).replace(**{name: [tag] for name, tag in tags.items()})
    both = {name: torch.tensor([[own, own]]) for name, own in scores.items()}
    made = completed(columns, both, tag_ids(columns, [sentence], only_given=True))
    [own] = columns.symbols(flat_ids(made, [1]), [1])
    return tuple(tags[0] for tags in own.values())


def test_tags_are_made_that_agree_with_the_given_ones() -> None:
    alone, columns = combined(), combined("NOUN\tNN\t_", "VERB\tVB\t_", "VERB\tVBD\tTense=Past")
    best = ("NOUN", "NN", "Tense=Past")
    assert made_tags(alone) == made_tags(columns) == best
    assert made_tags(alone, upos="VERB") == ("VERB", "NN", "Tense=Past")
    assert made_tags(columns, upos="VERB") == ("VERB", "VBD", "Tense=Past")
    assert made_tags(columns, xpos="VB") == ("VERB", "VB", "_")
    assert made_tags(columns, upos="NOUN") == ("NOUN", "NN", "_")
    assert made_tags(columns, feats="Tense=Past") == ("VERB", "VBD", "Tense=Past")
    assert made_tags(columns, upos="NOUN", xpos="VBD") == ("NOUN", "VBD", "Tense=Past")  # no treebank's word has these
    assert made_tags(columns, upos="ODD") == best  # a tag of another tag set says nothing


def test_combinations_are_those_of_the_treebank(columns: TagColumns) -> None:
    found = {tuple(combination.split("\t")) for combination in columns.combinations}
    assert found == {tags for s in sample() for tags in zip(s.upos, s.xpos, s.feats, strict=True)}
    assert columns.symbols_by_column()["tags"] == columns.combinations
    assert set(combined().symbols_by_column()) == {"upos", "xpos", "feats"}


@pytest.mark.parametrize("wrong", ["NOUN\tNN", "NOUN\tNN\tX", "NOUN", "", "NOUN\tNN\t_\t_"])
def test_a_combination_of_other_tags_is_refused(wrong: str) -> None:
    with pytest.raises(ModelError, match=r"is no combination of the model's UPOS, XPOS, FEATS"):
        combined(wrong)
