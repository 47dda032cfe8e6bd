from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import PARSER, fitted_parser, fitted_tagger, parser_task, sample, twenty, vectors

from arcparse.errors import ArcparseError, ModelError, TreebankError, TreeError
from arcparse.evaluation import evaluate
from arcparse.lexicon.pretrained import Pretrained
from arcparse.parser.model import Parser
from arcparse.parser.task import TAGGER, TAGGER_VECTORS, VECTORS, ParserSettings, ParserTask, _allowed
from arcparse.sentence import NONE, Sentence
from arcparse.tagger.model import Tagger
from arcparse.training.loop import train
from arcparse.training.optimisation import TrainingConfig
from arcparse.treebank import parse_conllu

pytestmark = pytest.mark.slow  # the whole file

ALL = range(len(sample()))


def on_sample(encoder: str = "none", **settings: Any) -> ParserTask:
    """Return a task on the whole sample, the non-projective sentences included."""
    return parser_task(encoder, sample(), **settings)


def test_a_batch_holds_words_tags_and_projective_trees() -> None:
    task = on_sample()
    batch = task.batch([3, 0])
    assert batch.words.length.tolist() == [len(sample()[3]), len(sample()[0])]
    assert batch.head.shape == batch.label.shape == batch.words.row.shape
    assert batch.head[0].tolist() == [NONE, *sample()[3].heads]
    assert batch.label[1, 1:12].tolist() == [task.model.system.labels.index(label) for label in sample()[0].labels]
    assert (batch.head[:, 0] == NONE).all()


def test_batches_of_an_epoch_hold_every_sentence_once_and_differ_between_epochs() -> None:
    task = on_sample()
    first, second = task.batches(0), task.batches(1)
    assert sorted(i for batch in first for i in batch) == list(ALL)
    assert first != second
    assert task.epoch == 1
    assert task.batches(0) == first


@pytest.mark.parametrize("exploration", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("encoder", ["none", "bilstm"])
def test_the_loss_is_finite_and_counts_two_decisions_a_word(encoder: str, exploration: float) -> None:
    torch.manual_seed(0)
    task = on_sample(encoder, exploration=exploration)
    task.epoch = 1
    batch = task.batch(ALL)
    encoding = task.model.network.encode(batch.words, batch.tags)
    path = task._derive(task.model.network.bind(encoding), batch)
    assert int(path.active.sum()) == 2 * int(batch.words.length.sum())
    active = path.active.view(-1, len(sample()))
    assert active.sum(0).equal(2 * batch.words.length)
    loss = task.loss(ALL)
    assert math.isfinite(loss.value.item())
    assert loss.count == sum(map(len, sample()))
    assert set(loss.parts) == ({"transitions", "tags"} if encoder == "bilstm" else {"transitions"})
    loss.value.backward()
    gradients = [p.grad for name, p in task.model.named_parameters() if name.startswith("network.scorer.")]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def targets(task: ParserTask) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the oracle's actions [S], the legal ones [S, A] and which decisions count [S]."""
    batch = task.batch(ALL)
    path = task._derive(task.model.network.bind(task.model.network.encode(batch.words, batch.tags)), batch)
    return path.target, path.legal, path.active


def test_without_exploration_the_path_is_the_oracles() -> None:
    task = on_sample(exploration=0.0)
    target, legal, active = targets(task)
    assert legal.gather(1, target.unsqueeze(1))[active].all()
    explored = on_sample(exploration=1.0)
    assert targets(explored)[0].equal(target)  # epoch 0: it does not explore yet
    explored.epoch = 1
    torch.manual_seed(1)
    assert not targets(explored)[0].equal(target)


def test_the_local_loss_of_the_oracles_path_is_the_mean_over_decisions() -> None:
    task = on_sample(exploration=0.0)
    task.model.eval()
    batch = task.batch(ALL)
    scorer = task.model.network.bind(task.model.network.encode(batch.words, batch.tags))
    path = task._derive(scorer, batch)
    scores = scorer.score(path.index).detach().masked_fill(~path.legal, -torch.inf)
    expected = [-float(scores[i].log_softmax(0)[path.target[i]]) for i in path.active.nonzero().flatten().tolist()]
    assert task.loss(ALL).value.item() == pytest.approx(sum(expected) / len(expected), rel=1e-4)


def test_an_illegal_gold_action_gives_way_to_the_best_legal_one_in_its_direction() -> None:
    legal = torch.tensor([[True, True, True, False, False, True, True], [True, True, True, False, False, True, True]])
    scores = torch.tensor([[9.0, 1.0, 2.0, 7.0, 8.0, 3.0, 4.0]]).expand(2, -1)
    kind = torch.tensor([0, 1, 2, 1, 2, 1, 2])
    assert _allowed(torch.tensor([3, 4]), legal, scores, kind).tolist() == [5, 6]  # LEFT, RIGHT
    assert _allowed(torch.tensor([1, 0]), legal, scores, kind).tolist() == [1, 0]


def test_off_the_gold_path_every_target_is_legal_in_the_end() -> None:
    task = on_sample(exploration=1.0)
    task.epoch = 1
    torch.manual_seed(2)
    target, legal, active = targets(task)
    was_legal = legal.gather(1, target.unsqueeze(1)).squeeze(1)
    assert not was_legal[active].all()  # the case does arise
    allowed = _allowed(target, legal, torch.randn(legal.shape), task.model.system.kind)
    assert legal.gather(1, allowed.unsqueeze(1))[active].all()
    assert allowed[was_legal].equal(target[was_legal])


@pytest.mark.parametrize("objective", ["local", "crf", "perceptron", "margin"])
def test_the_same_seed_gives_the_same_losses_and_gradients(objective: str) -> None:
    def gradient() -> tuple[float, torch.Tensor]:
        task = on_sample(exploration=0.7, objective=objective, beam=3)
        task.epoch = 2
        torch.manual_seed(5)
        loss = task.loss(ALL)
        loss.value.backward()
        assert task.model.network.scorer.output.weight.grad is not None
        return loss.value.item(), task.model.network.scorer.output.weight.grad

    (first, one), (second, two) = gradient(), gradient()
    assert first == second > 0
    assert one.equal(two)


def test_only_global_training_gives_a_parser_with_a_beam() -> None:
    assert on_sample(objective="local", beam=8).model.config.beam == 1
    task = on_sample(objective="crf", beam=5)
    assert task.model.config.beam == 5
    task.model.eval()
    wide = evaluate(task.dev, task.model.parse(task.dev_input, given_tags=True, beam=5))
    assert task.evaluate()["LAS"] == 100 * wide["LAS"].f1


def test_a_local_loss_may_stand_beside_a_global_one() -> None:
    def value(**settings: Any) -> float:
        task = on_sample(exploration=0.0, beam=3, **settings)
        task.model.eval()
        return task.loss(ALL).value.item()

    both = value(objective="crf", local_weight=0.5)
    assert both == pytest.approx(value(objective="crf") + 0.5 * value(objective="local"), rel=1e-5)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_given_tags_are_those_of_the_file(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    task, seen = on_sample("bilstm", given_tags=share), []
    encode = task.model.network.encode
    monkeypatch.setattr(task.model.network, "encode", lambda *given: seen.append(encode(*given)) or seen[-1])
    task.loss(ALL)
    gold, [encoding] = task.batch(ALL).tags["upos"], seen
    assert bool((encoding.tags["upos"] == gold).all()) == (share == 1.0)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("1\tGo\t_\t_\t_\t_\t_\t_\t_\t_\n\n", TreebankError, "words without head"),
        ("1\tGo\t_\t_\t_\t_\t2\tdep\t_\t_\n2\ton\t_\t_\t_\t_\t1\tdep\t_\t_\n\n", TreeError, "cycle"),
        ("1\tGo\t_\t_\t_\t_\t0\troot\t_\t_\n2\ton\t_\t_\t_\t_\t0\troot\t_\t_\n\n", TreeError, "one root"),
    ],
)
def test_sentences_without_a_tree_are_named(text: str, error: type[ArcparseError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        ParserTask(ParserSettings(PARSER["none"]), parse_conllu(text, name="bad.conllu"), [])
    assert str(caught.value).startswith("bad.conllu:1")


def test_a_task_begins_with_the_first_epoch_and_its_seed() -> None:
    one, two = on_sample(), on_sample()
    assert one.epoch == 0
    assert all(a.equal(b) for a, b in zip(one.model.parameters(), two.model.parameters(), strict=True))
    other = on_sample(training=TrainingConfig(seed=2))
    assert not other.model.network.scorer.output.weight.equal(one.model.network.scorer.output.weight)


def test_training_through_the_loop_saves_a_parser_that_scores_as_reported(tmp_path: Path) -> None:
    config = TrainingConfig(epochs=2, batch_tokens=100, tensorboard=False)
    task = parser_task("none", training=config)
    result = train(task, config, tmp_path)
    assert set(result.history[-1]) >= {"UPOS", "LAS", "transitions", "loss"}
    loaded = Parser.load(tmp_path / "best")
    task.model.load_state_dict(loaded.state_dict())
    task.model.eval()
    assert task.evaluate()["LAS"] == result.metric
    assert task.scores["LAS"] == result.metric


@dataclass
class StubTagger:
    """Tags every word as a noun."""

    pretrained: Pretrained

    def tag(self, sentences: Any) -> list[Sentence]:
        return [sentence.replace(upos=["NOUN"] * len(sentence)) for sentence in sentences]

    def save(self, directory: Path, **_: Any) -> None:
        directory.mkdir(exist_ok=True)


def test_a_parser_that_follows_a_tagger_is_evaluated_on_its_tags() -> None:
    settings = ParserSettings(PARSER["none"])
    task = ParserTask(settings, twenty(), twenty(), tagger=StubTagger(Pretrained.none()))
    task.model.eval()
    assert {tag for sentence in task.dev_input for tag in sentence.upos} == {"NOUN"}
    assert task.evaluate()["UPOS"] < 50
    assert task.train == list(twenty())  # it learns from the tags of its file


@pytest.mark.parametrize(
    ("own", "tagger_vectors"),
    [(vectors(), VECTORS), (Pretrained.none(), TAGGER_VECTORS), (vectors(1), TAGGER_VECTORS)],
)
def test_a_parser_is_saved_with_its_tagger_and_the_vectors_of_both(
    own: Pretrained, tagger_vectors: str, tmp_path: Path
) -> None:
    task = ParserTask(ParserSettings(PARSER["none"]), twenty(), twenty(), own, fitted_tagger().model)
    task.save(tmp_path / "best")
    parser, tagger = Parser.load(tmp_path / "best"), Tagger.load(tmp_path / TAGGER)
    assert parser.pretrained.same_as(own)
    assert tagger.pretrained.same_as(vectors())
    assert (tmp_path / tagger_vectors).is_dir()
    assert tagger.tag(twenty()) == fitted_tagger().model.tag(twenty())


def test_a_tagger_without_vectors_goes_beside_a_parser_with_them(tmp_path: Path) -> None:
    plain = Tagger.build(fitted_tagger().model.config, twenty(), Pretrained.none())
    ParserTask(ParserSettings(PARSER["none"]), twenty(), twenty(), vectors(), plain).save(tmp_path / "best")
    assert Tagger.load(tmp_path / TAGGER).pretrained.dimension == 0
    assert Parser.load(tmp_path / "best").pretrained.dimension == 6


def test_an_earlier_runs_vectors_are_replaced(tmp_path: Path) -> None:
    for seed in (0, 1):
        ParserTask(ParserSettings(PARSER["none"]), twenty(), [], vectors(seed)).save(tmp_path / "best")
        assert Parser.load(tmp_path / "best").pretrained.same_as(vectors(seed))


def test_a_run_may_start_from_a_trained_parser_and_its_vectors(tmp_path: Path) -> None:
    fitted_parser("none").save(tmp_path / "first" / "best")
    start = str(tmp_path / "first" / "best")
    settings = ParserSettings(PARSER["none"], start=start, objective="crf", beam=1)
    task = ParserTask(settings, twenty(), twenty())  # no vectors are named again
    task.model.eval()
    assert task.evaluate()["LAS"] >= 95
    task.save(tmp_path / "second" / "best")
    assert Parser.load(tmp_path / "second" / "best").pretrained.same_as(vectors())
    [new] = parse_conllu("1\tGo\tgo\tVERB\tVB\t_\t0\tnovel\t_\t_\n\n", name="new.conllu")
    with pytest.raises(TreebankError, match=r"new\.conllu:1.* no label 'novel'"):
        ParserTask(settings, [*twenty(), new], twenty())
    with pytest.raises(ModelError, match="another network"):
        ParserTask(replace(settings, parser=PARSER["bilstm"]), twenty(), twenty())
