"""The decoder on the one beam: whole spaces enumerated, batches against single sources, copying, limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from toy_languages import KINDS, config, untrained, words

from arcparse.errors import ArcparseError
from arcparse.lexicon.symbols import EOS, GO
from arcparse.search import search
from arcparse.seq2seq.model import Output, Seq2Seq, copied
from arcparse.seq2seq.system import Writer

pytestmark = pytest.mark.slow  # the whole file

TINY = [("a", "b"), ("b",), ("b", "a", "b")]


def tiny(kind: str) -> Seq2Seq:
    """A model whose outputs are of at most three symbols: a, b or unknown."""
    torch.manual_seed(2)
    model = Seq2Seq.build(replace(config(kind, 8), longest_output=0.0, longer=3), TINY, TINY)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(2)
    return model.eval()


def every_output(model: Seq2Seq, source: tuple[str, ...], power: float) -> list[tuple[float, tuple[str, ...]]]:
    """Return all outputs with their scores, the best first; one as long as its limit ends at no cost of choice."""
    outputs = [tuple(letters) for n in range(4) for letters in itertools.product(("a", "b", "<unk>"), repeat=n)]
    probabilities = model.log_probabilities([source] * len(outputs), outputs)
    scored = [(p / (len(o) + 1) ** power, o) for p, o in zip(probabilities, outputs, strict=True)]
    return sorted(scored, reverse=True)


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_beam_as_wide_as_the_space_finds_all_in_the_order_of_their_scores(kind: str, power: float) -> None:
    model = tiny(kind)
    found = model.generate(TINY, beam=40, nbest=40, length_power=power, copy_unknown=False)
    for source, outputs in zip(TINY, found, strict=True):
        expected = every_output(model, source, power)
        assert len(outputs) == len(expected) == 40
        assert [output.score for output in outputs] == pytest.approx([score for score, _ in expected], abs=1e-4)
        assert {output.symbols for output in outputs} == {symbols for _, symbols in expected}
        assert outputs[0].symbols == expected[0][1]


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_source_gets_the_same_output_alone_and_in_a_batch(kind: str, beam_size: int) -> None:
    model, sources = untrained(kind, scale=2.0), [*words(12, 5), ()]
    together = model.generate(sources, beam=beam_size, nbest=2)
    assert len({outputs[0].symbols for outputs in together}) > 1
    for source, outputs in zip(sources, together, strict=True):
        [alone] = model.generate([source], beam=beam_size, nbest=2)
        assert [output.symbols for output in outputs] == [output.symbols for output in alone]
        assert [output.score for output in outputs] == pytest.approx([output.score for output in alone], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_scores_the_same_when_it_is_read(kind: str) -> None:
    """Step by step in the beam, or all at once as in training: the same probabilities, whatever the padding."""
    model, sources = untrained(kind, scale=2.0), words(6, 9)
    best = [outputs[0] for outputs in model.generate(sources, beam=3, length_power=0.0, copy_unknown=False)]
    read = model.log_probabilities(sources, [output.symbols for output in best])
    is_free = [len(o.symbols) < 2 * len(s) + 10 for s, o in zip(sources, best, strict=True)]  # EOS was not forced
    for output, log_probability, counts in zip(best, read, is_free, strict=True):
        assert not counts or output.score == pytest.approx(log_probability, abs=1e-3)


def test_an_output_ends_at_its_limit() -> None:
    model = untrained("general")
    with torch.no_grad():
        model.decoder.bias[EOS] = -1e4  # it would write for ever
    [[short], [long]] = model.generate([("a",), ("a",) * 5])
    assert (len(short.symbols), len(long.symbols)) == (12, 20)


def test_greedy_takes_the_likeliest_symbol_at_each_step() -> None:
    model, source = untrained("general", scale=2.0), ("c", "a", "b")
    [[output]] = model.generate([source], copy_unknown=False)
    memory = model.decoder.bind(model.encode([source]))
    state, symbol, written = model.decoder.start(memory), GO, list[int]()
    while symbol != EOS and len(written) < 16:
        reading = model.decoder.step(torch.tensor([[symbol]]), state, memory)
        scores = model.decoder.scores(reading.output)[0, 0]
        scores[[0, GO]] = -math.inf
        state, symbol = reading.state, int(scores.argmax())
        written.append(symbol)
    assert output.symbols == tuple(model.outputs.symbol(id) for id in written if id != EOS)


def test_the_writer_names_its_actions() -> None:
    model = untrained("general")
    memory = model.encode([("a",)])
    writer = Writer(model.decoder, model.outputs, memory, torch.tensor([4]))
    assert writer.name(writer.action("b")) == "b"
    with pytest.raises(ArcparseError, match="not in the vocabulary"):
        writer.action("z")
    legal = writer.legal(writer.start().state)[0, 0].tolist()
    assert [model.outputs.symbol(i) for i, may in enumerate(legal) if not may] == ["<pad>", "<s>"]
    assert search(writer, writer.scores, writer.start(), 2).score.shape == (1, 2)


def test_what_is_unknown_is_copied_from_where_the_decoder_looked() -> None:
    output = Output(("le", "<unk>", "dort"), -1.0, ((0.1, 0.2, 0.7), (0.3, 0.6, 0.1), (0, 0, 1), (0, 0, 1)))
    assert copied(output, ("the", "wombat")).symbols == ("le", "wombat", "dort")  # never the end of the source
    assert copied(output, ()) is output
    blind = Output(("<unk>",), -1.0, ((), ()))  # without attention there is nowhere to copy from
    assert copied(blind, ("the",)) is blind
    model = untrained("general")
    with torch.no_grad():
        model.decoder.bias[1] = 1e3
    [[found]] = model.generate([("x", "y")])
    assert set(found.symbols) <= {"x", "y"}
    [[raw]] = model.generate([("x", "y")], copy_unknown=False)
    assert set(raw.symbols) == {"<unk>"}
