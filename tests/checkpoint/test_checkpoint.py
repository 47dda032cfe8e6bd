import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save as bytes_of

from arcparse.checkpoint import archive, find_model, load_model, pack, places, save_model, shipped, sibling, unpack
from arcparse.errors import ModelError


def save(directory: Path, value: float = 1.5, **changes: Any) -> None:
    weights = {"w": np.full((2, 3), value, np.float32), "ids": np.arange(3, dtype=np.int8)}
    settings: dict[str, Any] = {
        "kind": "toy",
        "config": {"size": 3},
        "vocabularies": {"labels": ["nsubj", "é"]},
        "weights": weights,
        "metadata": {"LAS": 90.5},
    }
    save_model(directory, **{**settings, **changes})


def replace_weights(directory: Path, weights: dict[str, torch.Tensor]) -> None:
    """Give a model other weights, of types that numpy may lack, with a checksum that fits."""
    content = bytes_of(weights)
    (directory / "weights.safetensors").write_bytes(content)
    sums = json.loads((directory / "config.json").read_text())["sha256"]
    damage(directory, sha256=sums | {"weights.safetensors": hashlib.sha256(content).hexdigest()})


@pytest.mark.parametrize("half", [False, True])
def test_what_was_saved_is_loaded(tmp_path: Path, half: bool) -> None:
    save(tmp_path / "a" / "model", half=half)
    model = load_model(tmp_path / "a" / "model")
    assert (model.kind, model.config, model.metadata) == ("toy", {"size": 3}, {"LAS": 90.5})
    assert model.vocabularies == {"labels": ["nsubj", "é"]}
    assert {name: own.dtype for name, own in model.weights.items()} == {"w": np.float32, "ids": np.int8}
    assert model.weights["w"].tolist() == [[1.5] * 3] * 2
    assert model.weights["ids"].tolist() == [0, 1, 2]
    assert sorted(os.listdir(tmp_path / "a")) == ["model"]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, wrong: float, dtype: torch.dtype) -> None:
    bias = torch.ones(20, dtype=dtype)
    bias[[3, 11]] = wrong
    save(tmp_path / "m")
    replace_weights(tmp_path / "m", {"nothing": torch.zeros(0), "w": torch.ones(2, 3), "bias": bias})
    message = (
        rf"m/weights\.safetensors: 2 of the 20 values of weight 'bias' are not finite or beyond 1e\+06, "
        f"the first is {wrong:g}; train the model again, or copy it again"
    )
    saved = load_model(tmp_path / "m")
    with pytest.raises(ModelError, match=message):
        _ = saved.weights


def test_large_numbers_are_weights_and_those_of_a_flipped_bit_are_not(tmp_path: Path) -> None:
    large = np.array([1.0, -1.0], np.float32) * 1e6
    save(tmp_path / "m", weights={"w": large})
    assert load_model(tmp_path / "m").weights["w"].tolist() == large.tolist()
    for wrong in (np.finfo(np.float32).max, -1e7):
        save(tmp_path / "m", weights={"w": np.array([1.0, wrong], np.float32)})
        with pytest.raises(ModelError, match=r"1 of the 2 values of weight 'w' .* beyond 1e\+06, the first is -?[13]"):
            _ = load_model(tmp_path / "m").weights


def test_shared_and_strided_weights_are_saved(tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    weights = {"a": matrix, "b": matrix.T, "c": matrix, "d": matrix[:, ::2], "e": np.array(7)}
    save(tmp_path / "m", weights=weights)
    found = load_model(tmp_path / "m").weights
    assert {name: own.tolist() for name, own in found.items()} == {name: own.tolist() for name, own in weights.items()}
    assert found["e"].shape == ()
    replace_weights(tmp_path / "m", {"a": torch.tensor([1.5, -2.0, 0.0, 3e-5], dtype=torch.bfloat16)})
    again = load_model(tmp_path / "m").weights["a"]
    assert again.tolist() == torch.tensor([1.5, -2.0, 0.0, 3e-5], dtype=torch.bfloat16).tolist()


def test_half_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="weight 'w' reaches 70000, and float16 at most 65504"):
        save(tmp_path / "m", 70000.0, half=True)
    assert not list(tmp_path.iterdir())


def test_saving_replaces_a_model_and_nothing_else(tmp_path: Path) -> None:
    save(tmp_path / "m", 1.0)
    save(tmp_path / "m", 2.0)
    assert load_model(tmp_path / "m").weights["w"][0, 0] == 2
    (tmp_path / "m" / "thesis.txt").write_text("precious")
    with pytest.raises(ModelError, match=r"m: holds 'thesis.txt', no part of the model"):
        save(tmp_path / "m", 3.0)
    assert load_model(tmp_path / "m").weights["w"][0, 0] == 2
    assert os.listdir(tmp_path) == ["m"]


KILLED_WHILE_SAVING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from arcparse import checkpoint
from arcparse.checkpoint import directory as room

def save(directory, value):
    weights = {"w": np.full((2, 3), value)}
    checkpoint.save_model(directory, kind="toy", config={}, vocabularies={}, weights=weights)

def killing(call):
    def wrapped(*arguments, **options):
        global moment
        moment += 1
        if moment == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)
    return wrapped

for kill_at in range(1, 20):
    moment = 0
    directory = Path(sys.argv[1]) / str(kill_at) / "m"
    save(directory, 1.0)
    if os.fork() == 0:
        Path.mkdir = killing(Path.mkdir)
        room.os.replace = killing(os.replace)
        checkpoint.write = killing(checkpoint.write)
        room.shutil.rmtree = killing(room.shutil.rmtree)
        save(directory, 2.0)
        os._exit(0)
    if os.wait()[1] == 0:
        break
"""


@pytest.mark.slow
def test_a_kill_leaves_the_old_model_or_the_new(tmp_path: Path) -> None:
    """Save in processes that are killed before each of the calls that change the disk, until one gets through."""
    subprocess.run([sys.executable, "-c", KILLED_WHILE_SAVING, str(tmp_path)], check=True)
    seen = []
    for kill_at in range(1, 1 + len(os.listdir(tmp_path))):
        directory = tmp_path / str(kill_at) / "m"
        seen.append(float(load_model(find_model(directory)).weights["w"][0, 0]))
        save(directory, 3.0)
        assert load_model(directory).weights["w"][0, 0] == 3
        assert os.listdir(directory.parent) == ["m"]
    assert len(seen) > 8
    assert seen == sorted(seen)
    assert set(seen) == {1.0, 2.0}


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabularies.json"])
def test_a_changed_file_is_noticed(tmp_path: Path, name: str) -> None:
    save(tmp_path / "m")
    content = (tmp_path / "m" / name).read_bytes()
    (tmp_path / "m" / name).write_bytes(content[:-2] + b"\0\0")
    with pytest.raises(ModelError, match=rf"{name}: is not the file that config.json describes \(SHA-256\); copy"):
        load_model(tmp_path / "m")
    (tmp_path / "m" / name).unlink()
    with pytest.raises(ModelError, match=rf"{name}: cannot be read: No such file"):
        load_model(tmp_path / "m")


def damage(directory: Path, **changes: Any) -> None:
    file = directory / "config.json"
    description = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({key: value for key, value in description.items() if value is not None}))


def test_a_wrong_description_is_named(tmp_path: Path) -> None:
    directory = tmp_path / "m"
    save(directory)
    damage(directory, kind=None)
    with pytest.raises(ModelError, match=r"config.json: lacks 'kind'"):
        load_model(directory)
    damage(directory, format=2, arcparse="9.0")
    with pytest.raises(ModelError, match=r"has format 2, of arcparse '9.0'; arcparse .* reads format 1; install"):
        load_model(directory)
    (directory / "config.json").write_text("[]")
    with pytest.raises(ModelError, match="must be a JSON object, not list"):
        load_model(directory)
    (directory / "config.json").write_text("{")
    with pytest.raises(ModelError, match="is no JSON"):
        load_model(directory)


def test_weights_that_are_no_safetensors_are_named(tmp_path: Path) -> None:
    save(tmp_path / "m")
    (tmp_path / "m" / "weights.safetensors").write_bytes(b"pickle")
    sums = {
        name: hashlib.sha256((tmp_path / "m" / name).read_bytes()).hexdigest()
        for name in ("weights.safetensors", "vocabularies.json")
    }
    damage(tmp_path / "m", sha256=sums)
    with pytest.raises(ModelError, match="is no safetensors file"):
        load_model(tmp_path / "m")


def test_find_model_takes_a_path_or_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "shipped")
    with pytest.raises(ModelError, match="shipped: none"):
        find_model("english")
    save(tmp_path / "shipped" / "english")
    save(tmp_path / "own")
    assert find_model("english") == tmp_path / "shipped" / "english"
    assert find_model(tmp_path / "own") == tmp_path / "own"
    with pytest.raises(ModelError, match=r"^../shipped: there is no model .*; shipped: english$"):
        find_model("../shipped")


def test_a_shipped_name_is_that_model_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "shipped")
    save(tmp_path / "shipped" / "en")
    save(tmp_path / "here" / "en")
    save(tmp_path / "here" / "own")
    monkeypatch.chdir(tmp_path / "here")
    assert find_model("en") == shipped("en") == tmp_path / "shipped" / "en"
    for own in ("./en", "en/", "../here/en", str(tmp_path / "here" / "en"), Path("en")):
        assert find_model(own).resolve() == tmp_path / "here" / "en"
        assert shipped(own) is None
    assert find_model("own").resolve() == tmp_path / "here" / "own"
    monkeypatch.chdir(tmp_path)
    assert find_model(Path("en")) == tmp_path / "shipped" / "en"


@pytest.mark.parametrize("name", ["", ".", "nowhere"])
def test_a_name_of_no_model_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"there is no model|holds no config.json of a model"):
        load_model(find_model(name))


def test_sibling_is_a_plain_name(tmp_path: Path) -> None:
    assert sibling(tmp_path / "english", "en-vectors") == tmp_path / "en-vectors"
    for name in ("", ".", "..", "a/b", "/etc", "a\\b", "C:x", "a\0"):
        with pytest.raises(ModelError, match="must be a plain name"):
            sibling(tmp_path / "english", name)


def test_an_archive_is_a_model_too(tmp_path: Path) -> None:
    save(tmp_path / "m")
    pack(tmp_path / "m", tmp_path / "m.zip")
    first = (tmp_path / "m.zip").read_bytes()
    pack(tmp_path / "m", tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == first
    assert load_model(find_model(tmp_path / "m.zip")).weights["w"].tolist() == [[1.5] * 3] * 2
    unpack(tmp_path / "m.zip", tmp_path / "copy")
    assert load_model(tmp_path / "copy").config == {"size": 3}
    with pytest.raises(ModelError, match="copy: exists already"):
        unpack(tmp_path / "m.zip", tmp_path / "copy")


def test_pack_takes_regular_files_only(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nothing to pack"):
        pack(tmp_path / "missing", tmp_path / "m.zip")
    save(tmp_path / "m")
    (tmp_path / "m" / "link").symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="link: only regular files"):
        pack(tmp_path / "m", tmp_path / "m.zip")
    assert os.listdir(tmp_path) == ["m"]


def archive_of(file: Path, *names: str | zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return file


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    return entry


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "C:evil", "a\\evil", ".", link()])
def test_an_archive_that_leads_outside_is_refused(tmp_path: Path, name: str | zipfile.ZipInfo) -> None:
    file = archive_of(tmp_path / "m.zip", "config.json", name)
    for use in (lambda: unpack(file, tmp_path / "m"), lambda: load_model(file)):
        with pytest.raises(ModelError, match="is a link or leads outside"):
            use()
    assert os.listdir(tmp_path) == ["m.zip"]


def test_an_archive_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = archive_of(tmp_path / "m.zip", "a", "b", "c/", "c/d")
    unpack(file, tmp_path / "m")
    assert (tmp_path / "m" / "c" / "d").read_text() == "content"
    for limit, value in (("MAX_ARCHIVE_FILES", 3), ("MAX_ARCHIVE_BYTES", 27)):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, value)
            with pytest.raises(ModelError, match="4 files of 28 bytes in all; a model has at most"):
                unpack(file, tmp_path / "other")
    with pytest.raises(ModelError, match=r"config.json: cannot be read: it is not in the archive"):
        load_model(file)


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    file = tmp_path / "m.zip"
    file.write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"m.zip: is no archive that can be read"):
        unpack(file, tmp_path / "m")
    with pytest.raises(ModelError, match="cannot be read: File is not a zip file"):
        load_model(file)
    archive_of(file, "config.json")
    file.write_bytes(file.read_bytes().replace(b"content", b"conXent", 1))
    with pytest.raises(ModelError, match="Bad CRC-32"):
        unpack(file, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_an_archive_that_says_more_than_it_holds_is_named(tmp_path: Path) -> None:
    file = archive_of(tmp_path / "m.zip", "config.json")
    content = bytearray(file.read_bytes())
    listed = content.index(b"PK\x01\x02")
    content[listed + 20 : listed + 28] = (1_000_000).to_bytes(4, "little") * 2  # its size, packed and unpacked
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json: cannot be read: (it ends too early|Overlapped entries)"):
        load_model(file)
    with pytest.raises(
        ModelError, match=r"m\.zip: is no archive that can be read: (it ends too early|Overlapped entries)"
    ):
        unpack(file, tmp_path / "m")


def test_an_empty_directory_may_become_a_model(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    save(tmp_path / "m")
    shutil.rmtree(tmp_path / "m")
    with pytest.raises(ModelError, match=r"give a model directory or .zip archive"):
        load_model(tmp_path / "m")
