"""What the nets are trained on, in the environment with PyTorch."""

from typing import Any

import pytest
from tests.engines.environment import research_python, told
from tests.engines.pcbm.loaded import FOLDER

pytestmark = pytest.mark.timeout(1200)  # the first of all runs makes the environment
MEASURE = """
import json, torch
from torch.nn import functional as F
import losses
torch.manual_seed(0)
found = {}
labels = torch.randint(0, 4, (2, 32, 32), dtype=torch.uint8)
right = F.one_hot(labels.long(), 14).permute(0, 3, 1, 2).float() * 40 - 20
loss = losses.ObserverLoss(torch.tensor([50.0, 50, 50, 5] + [0] * 10))
found["right"] = {k: v.item() for k, v in loss.coarse(right, labels).items()}
found["wrong"] = {k: v.item() for k, v in loss.coarse(-right, labels).items()}
found["weights"] = loss.weights.tolist()

unknown = torch.where(torch.rand(labels.shape) < 0.5, 255, labels.long()).to(torch.uint8)
spoilt = torch.where((unknown == 255)[:, None], torch.randn(right.shape) * 9, right)
same = [sum(loss.coarse(logits, unknown).values()).item() for logits in (right, spoilt)]
probs, topology = right.softmax(1), torch.randn(2, 2, 32, 32)
other = spoilt.softmax(1), torch.where((unknown == 255)[:, None], topology + 5, topology)
same += [sum(loss.fine(*pair, unknown).values()).item() for pair in ((probs, topology), other)]
found["unknown"] = same
all_unknown = loss.coarse(right.requires_grad_(), torch.full_like(labels, 255))
sum(all_unknown.values()).backward()
found["nothing_known"] = right.grad.abs().max().item()

logits = torch.randn(4, 8, requires_grad=True)
truth = torch.full((4, 8), float("nan"))
truth[0, 0] = 1.0
sum(losses.binary_loss(logits, truth, torch.full((8,), 0.5)).values()).backward()
found["cells_with_loss"] = (logits.grad != 0).nonzero().tolist()
rare = torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([0.1])
often = torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([0.9])
found["rare_yes"] = [losses.binary_loss(*one)["weighted_bce"].item() for one in (rare, often)]

density = torch.ones(2, 11); density[0, 8] = 200
found["density"] = losses.density_weights(density)[0].tolist()
which = torch.zeros(3, dtype=torch.long)
truths = torch.tensor([2.0, 5.0, 8.0])
answers = torch.tensor([[2.0, 5, 8], [8, 5, 2], [5, 5, 5]])
found["ranked"] = [losses.ranking_loss(one, truths, which).item() for one in answers]
found["other_concepts"] = losses.ranking_loss(torch.tensor([8.0, 5, 2]), truths, torch.arange(3)).item()
verdicts = torch.tensor([-1, 3])
answer = torch.randn(2, 8, requires_grad=True)
losses.verdict_loss(answer, verdicts)["loss"].backward()
found["verdict_grad"] = (answer.grad.abs().sum(1) > 0).tolist()

truth = losses.one_hot(labels, 14)
spoilt = losses.spoiled(truth, torch.randn(2, 1, 32, 32))
found["spoiled"] = [(spoilt != truth).float().mean().item(), spoilt.amin().item(), spoilt.amax().item()]
encode = lambda maps: [F.avg_pool2d(maps, 8)]
pictures = torch.zeros(2, 1, 32, 32)
found["triplet"] = [losses.triplet_loss(encode, probs, labels, pictures).item() for probs in (truth, spoilt)]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All that the tests look at, from one process."""
    return told(research_python(tmp_path_factory.mktemp("environment")), MEASURE, FOLDER)


def test_a_right_answer_costs_nothing_and_a_wrong_one_much(found: Any) -> None:
    """Dice and focal loss of a perfect segmentation are 0; of its opposite Dice is 1."""
    assert max(found["right"].values()) < 1e-3
    assert found["wrong"]["dice"] > 0.9
    assert found["wrong"]["focal"] > 5


def test_rare_classes_count_more(found: Any) -> None:
    """A class that fewer pictures show has a larger weight; one that none shows has none; their mean is 1."""
    assert found["weights"][3] > 5 * found["weights"][1]
    assert found["weights"][4:] == [0.0] * 10
    assert sum(found["weights"]) == pytest.approx(4)


def test_unknown_pixels_give_no_loss(found: Any) -> None:
    """Whatever is answered there, coarse and fine losses are the same; where all is unknown, nothing is learned."""
    coarse, coarse_other, fine, fine_other = found["unknown"]
    assert coarse_other == pytest.approx(coarse)
    assert fine_other == pytest.approx(fine, rel=1e-5)
    assert found["nothing_known"] == 0


def test_unknown_concepts_give_no_loss(found: Any) -> None:
    """Of 32 cells one is known, and only that one is learned from; a frame without a verdict teaches none."""
    assert found["cells_with_loss"] == [[0, 0]]
    assert found["verdict_grad"] == [False, True]


def test_rare_values_count_more(found: Any) -> None:
    """A yes among many no, and a quality that is seldom."""
    rare, often = found["rare_yes"]
    assert rare > 4 * often
    assert found["density"][8] == min(found["density"])
    assert found["density"][0] > 3 * found["density"][8]


def test_order_counts(found: Any) -> None:
    """Right order with a margin costs nothing, no order the margin, wrong order more; concepts are never compared."""
    right, wrong, none = found["ranked"]
    assert right == 0
    assert none == pytest.approx(0.5)
    assert wrong > 3
    assert found["other_concepts"] == 0


def test_the_triplet_loss_tells_the_truth_from_a_spoilt_one(found: Any) -> None:
    """Spoiling changes some pixels and leaves maps; what is drawn right costs nothing, what is spoilt does."""
    share, low, high = found["spoiled"]
    assert 0.01 < share < 0.5
    assert (low, high) == (0, 1)
    right, wrong = found["triplet"]
    assert right == 0
    assert wrong > 0
