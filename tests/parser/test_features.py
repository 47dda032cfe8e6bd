from __future__ import annotations

import itertools

import pytest
import reference
import torch
from walks import random_beams

from arcparse.errors import ConfigurationError
from arcparse.parser.arc_standard import ArcStandard
from arcparse.parser.configuration import Configuration
from arcparse.parser.features import Features
from arcparse.presets import presets
from arcparse.search import WAIT
from arcparse.sentence import NONE

NETWORKS = [preset["parser"]["features"] for preset in presets("parser").values() if "parser" in preset]
STEPS = ("leftmost", "rightmost(1)", "leftmost(2)", "rightmost(2)")
EVERYTHING = [
    f"{start}.{''.join(f'{step}.' for step in steps)}form"
    for start in ("stack(0)", "stack(1)", "stack(3)", "buffer(0)", "buffer(2)")
    for depth in range(4)
    for steps in itertools.product(STEPS, repeat=depth)
    if depth < 3 or steps[0] == steps[1]
]


@pytest.mark.parametrize("templates", [*NETWORKS, EVERYTHING])
@pytest.mark.parametrize("beam_size", [1, 4])
def test_every_template_finds_the_token_that_the_scalar_twin_finds(templates: list[str], beam_size: int) -> None:
    features, length = Features(templates), torch.tensor([1, 4, 9])
    for beam in itertools.islice(random_beams(beam_size, length, beam_size), 0, None, 3):
        found, history, final = features.extract(beam.state), beam.history(), beam.action == WAIT
        for b, k in ((beam.score > -torch.inf) & ~final).nonzero().tolist():
            twin = reference.replay(int(length[b]), history[b, k].tolist())
            for attribute in features.attributes:
                own = [template for template in templates if template.endswith("." + attribute)]
                assert len(own) == features.positions(attribute)
                assert found[attribute][b, k].tolist() == [reference.look(twin, template) for template in own]


def test_the_start_by_hand() -> None:
    features = Features(
        ["buffer(1).form", "stack(0).upos", "stack(1).upos", "buffer(0).form", "stack(0).leftmost.label"]
    )
    found = features.extract(Configuration.start(torch.tensor([2, 1])))
    assert features.attributes == ("form", "upos", "label")
    assert {name: tokens[:, 0].tolist() for name, tokens in found.items()} == {
        "form": [[2, 1], [NONE, 1]],
        "upos": [[0, NONE], [0, NONE]],
        "label": [[NONE], [NONE]],
    }


def test_templates_of_the_buffer_or_the_stack_alone_serve() -> None:
    start = Configuration.start(torch.tensor([2]))
    assert Features(["buffer(0).form"]).extract(start)["form"].tolist() == [[[1]]]
    assert Features(["stack(0).form"]).extract(start)["form"].tolist() == [[[0]]]
    assert Features(["stack(0).form", "stack(0).form"]).positions("form") == 2
    assert Features(["stack(0).form"]).positions("upos") == 0


def test_numberless_children_are_the_outermost() -> None:
    system = ArcStandard(["a"], ["a"], ["a"])
    state = system.start(torch.tensor([3]))
    for name in ("SHIFT", "SHIFT", "LEFT-ARC(a)"):
        state = system.apply(state, torch.tensor([[system.action(name)]]))
    plain, numbered = (Features([f"stack(0).{child}.form"]) for child in ("leftmost", "leftmost(1)"))
    assert plain.extract(state)["form"].tolist() == numbered.extract(state)["form"].tolist() == [[[1]]]


UNREADABLE = (
    *("", "form", "stack(0)", "stack.form", "stack(-1).form", "queue(0).form", "leftmost.form"),
    *("stack(0).form.form", "stack(0).lemma", "stack(0).middle.form", "stack(0).leftmost(3).form"),
)


@pytest.mark.parametrize("template", UNREADABLE)
def test_a_template_that_cannot_be_read_is_named(template: str) -> None:
    with pytest.raises(ConfigurationError, match="feature template") as caught:
        Features(["stack(0).form", template])
    assert repr(template) in str(caught.value)


def test_no_templates_are_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no features"):
        Features([])
