"""Checkpoints: an interrupted training ends with the weights of one that was not."""

import json

import pytest
import torch
from torch import nn

from clinlib.errors import BadInput, ClinlibError
from clinlib.training import checkpoint
from clinlib.training.checkpoint import Checkpoint
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.schedule import Schedule


class Points:
    subwords = 4

    def __init__(self, seed):
        self.x = torch.randn(8, 3, generator=torch.Generator().manual_seed(seed))

    def to(self, device):
        return self


class Interrupt:
    def to(self, device):
        raise KeyboardInterrupt


class Net(nn.Module):
    """A small net with dropout, so that the generator's state matters."""

    def __init__(self, width=5):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, width), nn.Dropout(0.3), nn.Linear(width, 1))

    def loss(self, batch):
        return ((self.layers(batch.x)[:, 0] - batch.x.sum(1)) ** 2).mean()


def batches(epoch):
    return [Points(10 * epoch + number) for number in range(3)]


SCHEDULE = Schedule(learning_rate=0.05, epochs=5)


def train(folder=None, stop_after=None, identity="a", width=5, scores=None, stop_in=None, **fields):
    """The net after training, interrupted at the beginning of an epoch if asked, or before a batch
    (epoch, number) of one; fields are those of the checkpoint."""
    net, now = Net(width), []

    def batches_of(epoch):
        if stop_after is not None and epoch > stop_after:
            raise KeyboardInterrupt
        now[:] = [epoch]
        made = batches(epoch)
        if stop_in is not None and epoch == stop_in[0]:
            made[stop_in[1]] = Interrupt()
        return made

    torch.manual_seed(7)
    result = fit(
        net,
        Supervised(),
        batches_of,
        SCHEDULE,
        evaluate=(lambda: scores[now[0] - 1]) if scores else None,
        checkpoint=Checkpoint(folder, identity, **fields) if folder else None,
    )
    return net, result


def losses(result):
    return [row["loss"] for row in result.curve]


@pytest.mark.parametrize("scores", [None, (3.0, 9.0, 4.0, 5.0, 1.0)])
@pytest.mark.parametrize("stop_after", [1, 3])
def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, stop_after, scores):
    whole, wanted = train(scores=scores)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "c", stop_after=stop_after, scores=scores)
    torch.rand(5)  # whatever else draws in between
    resumed, found = train(tmp_path / "c", scores=scores)
    for mine, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert losses(found) == losses(wanted) and found.best_epoch == wanted.best_epoch


@pytest.mark.parametrize("scores", [None, (3.0, 9.0, 4.0, 5.0, 1.0)])
@pytest.mark.parametrize("at", [(1, 1), (1, 2), (3, 2), (5, 1)])
def test_a_training_that_is_interrupted_within_an_epoch_ends_with_the_same_weights(
    tmp_path, at, scores
):
    whole, wanted = train(scores=scores)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "c", stop_in=at, scores=scores, every=0.0)
    kept = json.loads((tmp_path / "c" / "state.json").read_text())["state"]
    assert (kept["epoch"], kept["batch"], kept["step"]) == (at[0] - 1, at[1], 3 * at[0] - 3 + at[1])
    torch.rand(5)  # whatever else draws in between
    resumed, found = train(tmp_path / "c", scores=scores, every=0.0)
    for mine, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert losses(found) == losses(wanted) and found.best_epoch == wanted.best_epoch


def test_within_an_epoch_the_state_is_kept_as_often_as_asked(tmp_path):
    saves = []
    train(tmp_path / "c", saved=lambda: saves.append(1))
    assert len(saves) == 4, "after every epoch but the last"
    train(tmp_path / "d", saved=lambda: saves.append(1), every=0.0)
    assert len(saves) == 4 + 14, "after every update but the last"


def test_seconds_of_an_epoch_are_those_of_all_its_parts(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "c", stop_in=(2, 2), every=0.0)
    file = tmp_path / "c" / "state.json"
    kept = json.loads(file.read_text())
    kept["state"]["spent"] += 100
    file.write_text(json.dumps(kept))
    _, found = train(tmp_path / "c")
    assert [row["seconds"] > 100 for row in found.curve] == [False, True, False, False, False]
    assert found.subwords_per_second == 0.6, "15 batches of 4 subwords, each counted once"


def test_a_state_whose_loss_is_not_finite_is_not_kept(tmp_path):
    net = Net()
    nan = Points(0)
    nan.x = nan.x * float("nan")
    with pytest.raises(ClinlibError, match="the loss is nan in epoch 1; try a smaller"):
        fit(
            net,
            Supervised(),
            lambda epoch: [nan, *batches(epoch)],
            SCHEDULE,
            checkpoint=Checkpoint(tmp_path / "c", "a", every=0.0),
        )
    assert not (tmp_path / "c").exists()


def test_a_state_of_another_training_or_architecture_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "c", stop_after=2)
    with pytest.raises(BadInput, match="another text or other settings"):
        train(tmp_path / "c", identity="b")
    with pytest.raises(BadInput, match=r"another architecture: layers\.0\.bias"):
        train(tmp_path / "c", width=6)


def test_an_interrupt_between_the_two_renames_loses_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "c", stop_after=2)
    (tmp_path / "c").rename(tmp_path / "c.old")
    _, found = train(tmp_path / "c")
    assert losses(found) == losses(train()[1])


def test_what_a_gpu_draws_from_is_kept_and_goes_on_there_alone(tmp_path, monkeypatch):
    drawn, put = torch.arange(16, dtype=torch.uint8), []
    device = [torch.device("cuda:1")]
    monkeypatch.setattr(checkpoint, "_device", lambda model: device[0])
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda of: drawn if of == device[0] else None)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, of: put.append((state, of)))
    kept = Checkpoint(tmp_path / "c", "a")
    net, mine = Net(), torch.get_rng_state()
    unmoved = torch.optim.SGD(net.parameters())  # it has no moments, which would go to the GPU
    kept.save(net, unmoved, None, {})
    torch.rand(3)
    assert kept.restore(net, unmoved) == ({}, None)
    ((state, where),) = put
    assert torch.equal(state, drawn) and where == device[0]
    assert torch.equal(torch.get_rng_state(), mine)
    device[0] = torch.device("cpu")
    assert kept.restore(net, unmoved) == ({}, None)
    assert len(put) == 1
