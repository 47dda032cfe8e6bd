from __future__ import annotations

from typing import Any

import pytest

import arcparse
from arcparse.errors import ConfigurationError, InputError
from arcparse.pandas import COLUMNS, add_columns, annotate, values

TEXTS = ["Two cats slept. Dogs barked!", "", None, ["My", "own", "words"]]
SMALL = {"model": "en-small"}


def test_columns_are_those_of_the_documents() -> None:
    columns = annotate(TEXTS, **SMALL)
    document = arcparse.parse(TEXTS[0], model="en-small")
    assert list(columns) == list(COLUMNS)
    assert {name: cells[2] for name, cells in columns.items()} == dict.fromkeys(COLUMNS)
    assert columns["sentence_count"] == [2, 0, None, 1]
    assert columns["word_count"] == [7, 0, None, 3]
    assert columns["lemmas"][0] == list(document.lemmas)
    assert columns["heads"][0] == [*document[0].heads, *document[1].heads]
    assert columns["conllu"][:2] == [str(document), ""]
    assert columns["forms"][3] == ["My", "own", "words"]


def test_one_column_and_a_loaded_model() -> None:
    nlp = arcparse.load("en-small")
    expected = [list(nlp.parse("Dogs bark.").upos)]
    assert values(["Dogs bark."], "upos", model=nlp) == expected
    assert annotate(["Dogs bark."], "upos", model=nlp) == {"upos": expected}


def test_a_frame_gets_columns_and_keeps_its_rows() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed; `pip install pandas`")
    frame = pandas.DataFrame({"id": [7, 8, 9, 9], "text": TEXTS}, index=[3, 1, 1, 0])
    found = add_columns(frame, "text", ["word_count", "lemmas"], prefix="my_", **SMALL)
    assert list(frame.columns) == ["id", "text"]
    assert list(found.columns) == ["id", "text", "my_word_count", "my_lemmas"]
    assert list(found.index) == [3, 1, 1, 0]
    assert found["my_word_count"].isna().tolist() == [False, False, True, False]
    assert found["my_word_count"].iloc[3] == 3
    assert found["my_lemmas"].iloc[1] == []
    empty = add_columns(frame.iloc[:0], "text", ["word_count", "lemmas"], **SMALL)
    assert [str(empty[name].dtype) for name in ("word_count", "lemmas")] == ["Int64", "object"]


def test_a_dict_of_columns_gets_columns() -> None:
    batch = {"text": ["Dogs bark."], "id": [4]}
    labels = [list(arcparse.parse("Dogs bark.", model="en-small").labels)]
    assert add_columns(batch, "text", ["labels"], **SMALL) == batch | {"labels": labels}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "txt"}, "the table has no column 'txt'; did you mean 'text'?"),
        ({"columns": ["lemma"]}, "no column is called 'lemma'; did you mean 'lemmas'?; take sentence_count,"),
        ({"columns": ["lemmas"]}, "the table has a column 'lemmas' already; give another prefix"),
    ],
)
def test_columns_that_are_missing_unknown_or_there_are_named(change: dict[str, Any], message: str) -> None:
    table = {"text": ["Dogs bark."], "lemmas": [[]]}
    with pytest.raises(ConfigurationError) as caught:
        add_columns(table, **({"text": "text"} | change))
    assert str(caught.value).startswith(message)


def test_a_value_that_is_no_text_is_named() -> None:
    with pytest.raises(InputError, match=r"texts\[1\] must be a string, .* not an int"):
        annotate(["a", 5], ["upos"], **SMALL)  # type: ignore[list-item]


def test_a_missing_text_of_any_kind_has_missing_values() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed; `pip install pandas`")
    texts = [None, float("nan"), pandas.NA, "Go!"]
    assert values(texts, "word_count", **SMALL) == [None, None, None, 2]
    assert values(pandas.Series(texts), "word_count", **SMALL) == [None, None, None, 2]


@pytest.mark.parametrize("texts", ["Dogs bark.", {"text": ["Dogs bark."]}], ids=["text", "table"])
def test_a_single_text_or_a_table_is_no_column(texts: Any) -> None:
    with pytest.raises(InputError, match="texts must be a list or"):
        values(texts, "lemmas", **SMALL)


def test_a_frame_is_no_column() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed; `pip install pandas`")
    with pytest.raises(InputError, match="one column of texts, not a DataFrame; choose a column of it"):
        values(pandas.DataFrame({"text": ["Dogs bark."]}), "lemmas", **SMALL)


@pytest.mark.parametrize("row", [{"text": "Dogs bark."}, {"text": None}])
def test_a_row_of_a_dataset_is_no_batch(row: dict[str, Any]) -> None:
    with pytest.raises(
        InputError, match="the column 'text' is one text, not a list of texts; call map with batched=Tr"
    ):
        add_columns(row, "text", ["lemmas"], **SMALL)


@pytest.mark.slow
def test_a_dataset_is_mapped() -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed; `pip install datasets`")
    dataset = datasets.Dataset.from_dict({"text": ["Dogs bark.", None, "Two cats slept."]})
    arguments = {"text": "text", "columns": ["lemmas", "word_count"], **SMALL}
    found = dataset.map(add_columns, batched=True, batch_size=2, fn_kwargs=arguments)
    assert found["lemmas"][:] == values(["Dogs bark.", None, "Two cats slept."], "lemmas", **SMALL)
    assert found["word_count"][:] == [3, None, 4]


@pytest.mark.slow
def test_words_of_texts_are_features_for_scikit_learn() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed; `pip install scikit-learn`")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    lemmas = FunctionTransformer(values, kw_args={"column": "lemmas", **SMALL})
    vectorizer = make_pipeline(lemmas, CountVectorizer(analyzer=list))
    counts = vectorizer.fit_transform(["The dogs slept.", "A dog sleeps."])
    assert list(vectorizer[-1].get_feature_names_out()) == [".", "a", "dog", "sleep", "the"]
    assert counts.toarray().tolist() == [[1, 0, 1, 1, 1], [1, 1, 1, 1, 0]]
