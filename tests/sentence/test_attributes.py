from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arcparse.sentence.attributes import attribute, names_of, with_attribute

VALUES = st.text(st.sampled_from("aB|\\p=-"), min_size=1)


def test_an_attribute_is_a_column_of_its_own() -> None:
    miscs = ("Chunk=B-NP|SpaceAfter=No", "_", "OldChunk=X|Chunk=O")
    assert attribute(miscs, "Chunk") == ("B-NP", "_", "O")
    assert attribute(miscs, "NER") == ("_", "_", "_")
    assert names_of(miscs) == ["Chunk", "SpaceAfter", "OldChunk"]


def test_other_attributes_stay() -> None:
    miscs = ("Chunk=B-NP|SpaceAfter=No", "_", "SpaceAfter=No")
    assert with_attribute(miscs, "Chunk", ["O", "B-VP", "_"]) == [
        "Chunk=O|SpaceAfter=No",
        "Chunk=B-VP",
        "SpaceAfter=No",
    ]
    assert with_attribute(miscs, "Chunk", ["_", "_", "_"]) == ["SpaceAfter=No", "_", "SpaceAfter=No"]


@given(st.lists(VALUES, min_size=1))
def test_any_value_is_read_as_it_was_written(values: list[str]) -> None:
    assert attribute(with_attribute(["_"] * len(values), "Chunk", values), "Chunk") == tuple(values)
