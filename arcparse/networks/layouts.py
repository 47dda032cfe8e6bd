"""The names and shapes of the networks' weights, worked out from settings alone, without torch.

A model that the kernels read is compared with them before it is used; tests hold them equal to the networks' own.
"""

from __future__ import annotations

from collections.abc import Mapping

from arcparse.checkpoint.saved import Layout
from arcparse.lexicon.forms import LexiconConfig
from arcparse.networks.settings import BiLSTMConfig, DecoderConfig, EncoderConfig, RecurrentConfig
from arcparse.vocabulary import SPECIALS

Layouts = dict[str, Layout]


def floats(*shape: int) -> Layout:
    """Return the layout of a weight of floating-point numbers."""
    return Layout(shape, "float32")


def within(part: str, layouts: Mapping[str, Layout]) -> Layouts:
    """Return the layouts of a part of a network, by their names in the whole."""
    return {f"{part}.{name}": own for name, own in layouts.items()}


def linear(inputs: int, outputs: int) -> Layouts:
    """Return the layouts of a dense layer."""
    return {"weight": floats(outputs, inputs), "bias": floats(outputs)}


def form_dimension(config: LexiconConfig, pretrained: int) -> int:
    """Return the dimension of the forms' vectors, beside pretrained ones of dimension `pretrained`."""
    affixes = len(config.prefixes) + len(config.suffixes)
    own = config.word_dimension + affixes * config.affix_dimension + config.shape_dimension
    return own + pretrained + _filters(config)


def forms(config: LexiconConfig, sizes: Mapping[str, int], pretrained: int) -> Layouts:
    """Return the layouts of a `FormEncoder` for vocabularies of `sizes`."""
    has_affixes, filters = bool(config.prefixes or config.suffixes), _filters(config)
    dimensions = {
        "word": config.word_dimension,
        "affix": config.affix_dimension if has_affixes else 0,
        "shape": config.shape_dimension,
        "character": config.character_dimension if filters else 0,
    }
    found = {f"{name}.weight": floats(sizes[name], own) for name, own in dimensions.items() if own}
    if filters:
        found |= {
            "convolution.weight": floats(filters, config.character_dimension, 3),
            "convolution.bias": floats(filters),
        }
    return found | {"unknown": floats(pretrained)}


def _filters(config: LexiconConfig) -> int:
    return config.character_filters if config.character_dimension else 0


def bilstm(config: BiLSTMConfig, inputs: int) -> Layouts:
    """Return the layouts of a `BiLSTM`."""
    found = {}
    for layer in range(config.layers):
        for direction in ("forwards", "backwards"):
            place, gates = f"{direction}.{layer}", 4 * config.hidden
            found[f"{place}.weight_ih_l0"] = floats(gates, 2 * config.hidden if layer else inputs)
            found[f"{place}.weight_hh_l0"] = floats(gates, config.hidden)
            found |= {f"{place}.bias_{kind}_l0": floats(gates) for kind in ("ih", "hh")}
    return found


def tag_layer(inputs: int, sizes: Mapping[str, int]) -> Layouts:
    """Return the layouts of a `TagLayer` for columns of `sizes` symbols."""
    columns = (within(f"columns.{name}", linear(inputs, size - len(SPECIALS))) for name, size in sizes.items())
    return {name: own for column in columns for name, own in column.items()}


def recurrent(config: RecurrentConfig, inputs: int) -> Layouts:
    """Return the layouts of a `Recurrent` of fused LSTMs."""
    found, gates = {}, 4 * config.hidden
    output = config.hidden * (1 + config.bidirectional)
    for layer in range(config.layers):
        for end in ("l0", "l0_reverse") if config.bidirectional else ("l0",):
            place = f"layers.{layer}.rnn"
            found[f"{place}.weight_ih_{end}"] = floats(gates, output if layer else inputs)
            found[f"{place}.weight_hh_{end}"] = floats(gates, config.hidden)
            found |= {f"{place}.bias_{kind}_{end}": floats(gates) for kind in ("ih", "hh")}
    return found


def source_encoder(config: EncoderConfig, symbols: int) -> Layouts:
    """Return the layouts of a recurrent `SourceEncoder`."""
    reader = within("reader", recurrent(config.recurrent, config.embedding))
    return {"embedding.weight": floats(symbols, config.embedding)} | reader


def decoder(config: DecoderConfig, symbols: int, memory: int) -> Layouts:
    """Return the layouts of a recurrent `Decoder` with a kernel, over outputs of an encoder of dimension `memory`."""
    own, hidden = config.recurrent, config.recurrent.hidden
    attended = 0 if config.attention == "none" else memory
    reader = within("reader", recurrent(own, config.embedding))
    reader |= within("bridge", linear(memory, 2 * own.layers * hidden))
    reader |= within("readout", linear(hidden + attended, config.embedding))
    if config.attention == "general":
        reader["attention.score.keys.weight"] = floats(hidden, memory)
    return {
        "embedding.weight": floats(symbols, config.embedding),
        "bias": floats(symbols),
        **within("reader", reader),
    }
