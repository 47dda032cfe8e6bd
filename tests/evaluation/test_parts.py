"""The genre of a sentence is the one that its comments name, or those of its document."""

from __future__ import annotations

import pytest

from arcparse.evaluation.parts import NO_GENRE, genres_of
from arcparse.sentence import Sentence


@pytest.mark.parametrize(
    ("comments", "genre"),
    [
        (["# sent_id = weblog-juancole.com_juancole_20040114085100-0002"], "weblog"),
        (["# sent_id = Answers-2011-0001"], "answers"),
        (["# newdoc id = reviews-217359", "# sent_id = 217359-0001"], "reviews"),
        (["# meta::genre = academic", "# sent_id = weblog-x-1"], "academic"),
        (["# sent_id = n01001011"], NO_GENRE),
        (["# sent_id = 217359-0001"], NO_GENRE),
        ([], NO_GENRE),
    ],
)
def test_comments_name_the_genre(comments: list[str], genre: str) -> None:
    assert list(genres_of([Sentence.from_forms(["a"], comments)])) == [genre]


def test_a_document_keeps_its_genre_to_its_end() -> None:
    comments = [["# newdoc id = a", "# meta::genre = fiction"], [], ["# newdoc id = email-b"], [], ["# newdoc id = c"]]
    found = list(genres_of(Sentence.from_forms(["a"], own) for own in comments))
    assert found == ["fiction", "fiction", "email", "email", NO_GENRE]
