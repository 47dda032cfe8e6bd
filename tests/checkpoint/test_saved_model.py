"""Nothing that a model says of itself is believed: what does not fit is a ModelError with file and field."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fuzz_kinds import KINDS
from fuzz_models import with_sums
from safetensors.torch import load, save

from arcparse import seq2seq
from arcparse.checkpoint import find_model, load_config, load_model, save_model
from arcparse.checkpoint.saved import difference
from arcparse.errors import ModelError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import COMBINATIONS
from arcparse.networks.weights import load_network
from arcparse.parser.model import Parser
from arcparse.parser.task import ParserSettings
from arcparse.pipeline import Pipeline
from arcparse.recipes import resolve
from arcparse.tagger.model import Tagger

Change = Callable[[dict[str, Any]], Any]
NAMES = [name for name in KINDS if name.startswith("model-")]
LOADERS: dict[str, Callable[[Path], Any]] = {
    "model-parser": Parser.load,
    "model-parser-tags": Parser.load,
    "model-tagger": Tagger.load,
    "model-vectors": Pretrained.load,
}


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Callable[[Path], Any]]:
    return made(request.param, tmp_path)


def made(name: str, folder: Path) -> tuple[Path, Callable[[Path], Any]]:
    """Make a small model of a kind; return it and what loads it."""
    KINDS[name](folder)
    return folder / "model", LOADERS.get(name, seq2seq.load)


def changed(directory: Path, name: str, change: Change) -> None:
    """Change what a JSON file of a model holds, with checksums that fit."""
    value = json.loads((directory / name).read_text(encoding="utf-8"))
    change(value)
    rewrite(directory, name, json.dumps(value).encode())


def rewrite(directory: Path, name: str, content: bytes) -> None:
    files = {path.name: path.read_bytes() for path in directory.iterdir()} | {name: content}
    for place, own in with_sums(files).items():
        (directory / place).write_bytes(own)


def test_a_sound_model_loads_onto_memory_of_its_own(model: tuple[Path, Callable[[Path], Any]]) -> None:
    directory, load_it = model
    loaded = load_it(directory)
    if isinstance(loaded, torch.nn.Module):
        assert not any(tensor.is_meta for tensor in [*loaded.parameters(), *loaded.buffers()])
        assert all(parameter.requires_grad for parameter in loaded.parameters())
        assert not any(part.training for part in loaded.modules())


@pytest.mark.parametrize("value", [None, 3, "x", [], [1], {"a": 1}, [["a"]], True])
@pytest.mark.parametrize("key", ["kind", "config", "metadata", "sha256", "format"])
def test_a_description_of_other_types_is_refused(key: str, value: Any, tmp_path: Path) -> None:
    directory, load_it = made("model-classifier", tmp_path)
    file = directory / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    if key == "metadata" and isinstance(value, dict):
        load_it(directory)
        return
    with pytest.raises(ModelError, match=r"config\.json: |name one of kind|holds a model of kind|is not the file"):
        load_it(directory)


def test_a_configuration_without_its_kind_is_refused(model: tuple[Path, Callable[[Path], Any]]) -> None:
    directory, load_it = model
    changed(directory, "config.json", lambda value: value["config"].clear())
    with pytest.raises(ModelError, match=r"model/config\.json: config\.[\w-]+ must be a (table|string), not NoneType"):
        load_it(directory)


def test_a_list_of_symbols_must_be_there_and_of_strings(model: tuple[Path, Callable[[Path], Any]]) -> None:
    directory, load_it = model
    content = (directory / "vocabularies.json").read_bytes()
    for name in json.loads(content):
        for symbols in (None, [1], "abc", ["a", "a"], ["\ud800"], [["a"]], {"a": 1}):
            rewrite(directory, "vocabularies.json", content)
            changed(directory, "vocabularies.json", lambda value, n=name, s=symbols: value.update({n: s}))
            with pytest.raises(ModelError, match=r"model/vocabularies\.json: |do not fit together"):
                load_it(directory)
        half = json.dumps({**json.loads(content), name: ["\ud800"]}, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        rewrite(directory, "vocabularies.json", half)
        with pytest.raises(ModelError, match=r"model/vocabularies\.json: is no JSON: "):
            load_it(directory)
        rewrite(directory, "vocabularies.json", content)
        changed(directory, "vocabularies.json", lambda value, n=name: value.pop(n))
        if name == COMBINATIONS:  # models from before have none
            load_it(directory)
            continue
        with pytest.raises(ModelError, match=rf"vocabularies\.json: lacks '{name}'"):
            load_it(directory)


def test_weights_of_other_names_shapes_and_types_are_refused(model: tuple[Path, Callable[[Path], Any]]) -> None:
    directory, load_it = model
    weights = load((directory / "weights.safetensors").read_bytes())
    name, weight = next(iter(weights.items()))
    others = {
        "missing": {key: own for key, own in weights.items() if key != name},
        "one too many": weights | {"other": weight.clone()},
        "has shape": weights | {name: torch.zeros(*weight.shape, 1)},
        "is of type": weights | {name: torch.zeros(weight.shape, dtype=torch.int32)},
    }
    for problem, changed_weights in others.items():
        rewrite(directory, "weights.safetensors", save(changed_weights))
        with pytest.raises(ModelError, match=f"{directory}: .* do not fit together; .*{problem}") as found:
            load_it(directory)
        assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        ("model-parser", ("parser", "scorer", "hidden"), [8192, 8192, 8192]),
        ("model-parser", ("parser", "bilstm", "hidden"), 8192),
        ("model-parser", ("parser", "bilstm", "layers"), 32),
        ("model-parser", ("parser", "lexicon", "suffixes"), list(range(1, 17))),
        ("model-tagger", ("tagger", "hidden"), [8192]),
        ("model-seq2seq", ("seq2seq", "decoder", "recurrent", "hidden"), 8192),
        ("model-transformer", ("seq2seq", "encoder", "transformer", "hidden"), 8192),
        ("model-lm", ("lm", "recurrent", "layers"), 32),
    ],
)
def test_a_network_of_gigabytes_is_refused_before_it_is_made(
    name: str, keys: tuple[str, ...], value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, load_it = made(name, tmp_path)

    def enlarge(description: dict[str, Any]) -> None:
        place = description["config"]
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    changed(directory, "config.json", enlarge)
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: pytest.fail("it was made"))
    with pytest.raises(ModelError, match=r"weight '.*' (has shape|is missing)"):
        load_it(directory)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("parser", lambda c: c["parser"].update(features=["stack(0).x"]), "feature template"),
        ("parser", lambda c: c["parser"].update(features=[f"stack({9**99}).upos"]), "feature template"),
        (
            "parser",
            lambda c: c["parser"].update(features=["stack(0)." + "leftmost." * 99 + "upos"]),
            "feature template",
        ),
        ("parser", lambda c: c["parser"].update(beam=0), r"config\.parser: beam must be"),
        ("parser", lambda c: c["parser"].update(epochs=3), r"config\.parser: there is no setting 'epochs'"),
        ("parser", lambda c: c["parser"]["lexicon"].update(longest="x"), r"lexicon\.longest must be int, not 'x'"),
        ("parser", lambda c: c.update(vectors=3), r"config\.vectors must be a string, not int"),
        ("segmenter", lambda c: c.update(always=[1]), r"config\.always must be a list of strings"),
        ("segmenter", lambda c: c.update(multiwords=[]), r"config\.multiwords must be a table, not list"),
        ("segmenter", lambda c: c.update(multiwords={"a": []}), r"config\.multiwords: the words of 'a'"),
        ("segmenter", lambda c: c.update(multiwords={"a": ["b\tc"]}), r"config\.multiwords: the words of 'a'"),
        ("vectors", lambda c: c.update(scheme="x"), r"config\.scheme must be one of none, .*, not 'x'"),
        ("transformer", lambda c: c["seq2seq"]["encoder"]["transformer"].update(heads=3), "3 heads do not divide"),
        ("lm", lambda c: c["lm"]["recurrent"].update(bidirectional=True), "reads in one direction"),
    ],
)
def test_a_wrong_setting_is_named(name: str, change: Change, message: str, tmp_path: Path) -> None:
    directory, load_it = made(f"model-{name}", tmp_path)
    changed(directory, "config.json", lambda value: change(value["config"]))
    with pytest.raises(ModelError, match=rf"^{directory}/config\.json: .*{message}") as found:
        load_it(directory)
    assert len(str(found.value)) < 700


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("parser", lambda v: v.update(label=[]), "label must hold all of root_label"),
        ("parser", lambda v: v["root_label"].append("x"), "label must hold all of root_label"),
        ("parser", lambda v: v["label"].append("a\tb"), r"label has the symbol 'a\\tb'"),
        ("parser", lambda v: v["upos"].append(""), "upos has the symbol ''"),
        ("parser", lambda v: v.update(xpos=v["xpos"][:2]), "xpos has no tag"),
        ("parser", lambda v: v["word"].pop(0), "word must begin with <pad>, <unk>"),
        ("tagger", lambda v: v["feats"].append("a\nb"), r"feats has the symbol 'a\\nb'"),
        ("seq2seq", lambda v: v["outputs"].pop(2), "outputs must begin with <pad>, <unk>, <s>, </s>"),
        ("lemmatizer", lambda v: v["lemma"].pop(), "form, upos and lemma differ in length"),
        ("lemmatizer", lambda v: v["lemma"].__setitem__(0, "a\tb"), r"lemma has the symbol 'a\\tb'"),
        ("classifier", lambda v: v.update(labels=[]), "labels has no label"),
    ],
)
def test_a_wrong_symbol_is_named(name: str, change: Change, message: str, tmp_path: Path) -> None:
    directory, load_it = made(f"model-{name}", tmp_path)
    changed(directory, "vocabularies.json", change)
    with pytest.raises(ModelError, match=rf"^{directory}/vocabularies\.json: {message}"):
        load_it(directory)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"\xff", b"", b"null"])
def test_json_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    directory, load_it = made("model-vectors", tmp_path)
    for name in ("vocabularies.json", "config.json"):
        rewrite(directory, name, content)
        with pytest.raises(ModelError, match=rf"{name}: (is no JSON|must be a JSON object)"):
            load_it(directory)


def test_what_names_another_model_must_be_a_string(tmp_path: Path) -> None:
    directory, _ = made("model-parser-tags", tmp_path)
    changed(directory, "config.json", lambda value: value["config"].update(tagger=["x"]))
    with pytest.raises(ModelError, match=r"\['x'\] must be a plain name"):
        Pipeline.load(directory)
    changed(directory, "config.json", lambda value: value["config"].update(parser=["x"]))
    with pytest.raises(ModelError, match=r"config\.json: config\.parser must be a table"):
        resolve(ParserSettings, "parser", preset="global", overrides=[f"start={directory}"])


def test_the_folder_of_a_run_serves_as_its_best_model(tmp_path: Path) -> None:
    directory, _ = made("model-parser", tmp_path / "run")
    directory.rename(tmp_path / "run" / "best")
    assert find_model(tmp_path / "run") == tmp_path / "run" / "best"
    assert load_config(find_model(tmp_path / "run"))[0] == "parser"
    (tmp_path / "run" / "best").rename(tmp_path / "run" / ".best.old")  # where a kill left it
    assert find_model(tmp_path / "run") == tmp_path / "run" / ".best.old"


def test_reading_a_network_loads_no_more_of_torch() -> None:
    """On the device "meta" torch would compute initial values by parts of it that take a second to import."""
    assert "torch._dynamo" not in sys.modules or pytest.skip("something else has imported it")
    Pipeline.load("en-small")
    assert "torch._dynamo" not in sys.modules


def test_a_difference_of_weights_is_told_in_words() -> None:
    one, two = {"a": torch.zeros(2)}, {"a": torch.zeros(3), "b": torch.zeros(1)}
    assert difference(one, one) == ""
    assert difference(one, two) == "weight 'b' is one too many"
    assert difference(two, one) == "weight 'b' is missing"
    assert difference(one, {"a": two["a"]}) == "weight 'a' has shape (3,), not (2,)"


class Counting(torch.nn.Module):
    """It has a weight, a buffer that is not saved and a plain tensor, as somebody's own encoder may."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))
        self.register_buffer("place", torch.arange(3), persistent=False)
        self.factor = torch.tensor([2.0])


def test_tensors_beside_the_weights_have_values(tmp_path: Path) -> None:
    save_model(tmp_path / "m", kind="toy", config={}, vocabularies={}, weights={"weight": np.ones(3)})
    network = load_network(load_model(tmp_path / "m"), Counting)
    assert (network.weight.tolist(), network.place.tolist(), network.factor.tolist()) == ([1, 1, 1], [0, 1, 2], [2])
