"""An nn.Sequential of torch is the network that it is: the same losses, the same findings, in torch's words."""

from typing import Any

import numpy as np
import pytest
from paths import FIXTURES

import mlpdoctor
from mlpdoctor.readers.models.model import read_network

torch = pytest.importorskip("torch", reason="torch is not installed")
nn = torch.nn
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "linear": None}
RNG = np.random.default_rng(0)
X = torch.tensor(RNG.normal(size=(60, 3)), dtype=torch.float32)
Y = torch.sin(2 * X[:, :1])


def table(name: str) -> tuple[Any, Any]:
    data = FIXTURES / name / ("data.csv.gz" if name == "four-relu-sine" else "data.csv")
    x, y = np.hsplit(np.loadtxt(data, delimiter=",", skiprows=1), 2)
    return x, y.ravel()


def twin(name: str) -> tuple[Any, Any]:
    """A Sequential and an Adam with the weights and the optimizer's state of a fixture."""
    network = read_network(str(FIXTURES / name / "model.keras"))
    layers, kept = [layer for layer in network.layers if layer.kind == "Dense"], network.optimizer
    assert kept is not None
    modules = []
    for layer in layers:
        entering, leaving = layer.weights["kernel"].shape
        modules.append(nn.Linear(entering, leaving))
        activation = ACTIVATIONS[layer.config["activation"]]
        modules += [] if activation is None else [activation()]
    model = nn.Sequential(*modules)
    optimizer = torch.optim.Adam(model.parameters(), lr=kept.learning_rate)
    linear = [module for module in model if isinstance(module, nn.Linear)]
    for layer, module in zip(layers, linear, strict=True):
        for weight, parameter in (("kernel", module.weight), ("bias", module.bias)):
            slots = kept.slots[layer.name][weight]
            turned = {own: torch.tensor(slots[slot].T) for own, slot in
                      (("exp_avg", "momentum"), ("exp_avg_sq", "velocity"))}  # fmt: skip
            parameter.data = torch.tensor(layer.weights[weight].T)
            optimizer.state[parameter] = {"step": torch.tensor(float(kept.iterations or 0)), **turned}
    return model, optimizer


@pytest.mark.parametrize("name", ["three-points", "four-relu-sine"])
def test_the_twin_of_a_keras_model_has_its_findings(name: str) -> None:
    model, optimizer = twin(name)
    ours = mlpdoctor.check(model, *table(name), loss=nn.MSELoss(), optimizer=optimizer)
    theirs = mlpdoctor.check(FIXTURES / name / "model.keras", *table(name))
    told = [[(one.code, one.severity) for one in report.findings] for report in (ours, theirs)]
    assert told[0] == told[1]
    assert {name: rung.value for name, rung in ours.ladder.items()} == pytest.approx(
        {name: rung.value for name, rung in theirs.ladder.items()}, rel=1e-6
    )
    assert ours.to_dict()["model"]["iterations"] == theirs.to_dict()["model"]["iterations"]


def test_the_line_to_change_is_one_of_torch() -> None:
    model, optimizer = twin("three-points")
    report = mlpdoctor.check(model, *table("three-points"), loss="mse", optimizer=optimizer)
    assert report.fix == "nn.Linear(1, 10), nn.Tanh()"
    assert "model[0] -> model[1] have no activation between them" in str(report)
    for word in ("Keras", "Dense", "mlpdoctor treat"):
        assert word not in str(report)


MODELS = (
    (nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1)),
    (nn.Linear(3, 5), nn.LeakyReLU(0.2), nn.Dropout(0.5), nn.Linear(5, 1)),
    (nn.BatchNorm1d(3), nn.Linear(3, 5), nn.ELU(0.7), nn.LayerNorm(5), nn.Linear(5, 1)),
    (nn.Sequential(nn.Linear(3, 4), nn.GELU()), nn.Identity(), nn.Linear(4, 1), nn.Softplus()),
    (nn.Linear(3, 4, bias=False), nn.SiLU(), nn.BatchNorm1d(4, affine=False), nn.Linear(4, 1), nn.Hardsigmoid()),
    (nn.Linear(3, 4), nn.Mish(), nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 1), nn.SELU()),
)


@pytest.mark.parametrize("layers", MODELS)
@pytest.mark.parametrize(
    ("loss", "name"), [(nn.MSELoss(), "mse"), (nn.HuberLoss(delta=0.3), None), (nn.L1Loss(), "mae")]
)
def test_the_loss_is_the_one_that_torch_computes(layers: Any, loss: Any, name: str | None) -> None:  # noqa: ANN401
    model = nn.Sequential(*layers)
    model.train()
    model(X)  # moves the statistics of a batch normalisation
    model.eval()
    with torch.no_grad():
        expected = float(loss(model(X), Y))
    for given in filter(None, (loss, name)):
        report = mlpdoctor.check(model, X, Y, loss=given, quick=True, select="L5")
        assert report.ladder["model"].value == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(
    ("ends", "loss", "units"),
    [
        ([], nn.CrossEntropyLoss(), 4),
        ([], nn.functional.cross_entropy, 4),
        ([nn.LogSoftmax(dim=1)], nn.NLLLoss(), 4),
        ([], nn.BCEWithLogitsLoss(), 1),
        ([nn.Sigmoid()], nn.BCELoss(), 1),
    ],
)
def test_so_is_that_of_a_classifier(ends: list[Any], loss: Any, units: int) -> None:  # noqa: ANN401
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, units), *ends)
    y = torch.tensor(RNG.integers(0, units, 60)) if units > 1 else (Y > 0).float()
    with torch.no_grad():
        expected = float(loss(model(X), y))
    assert mlpdoctor.check(model, X, y, loss=loss, quick=True).ladder["model"].value == pytest.approx(
        expected, rel=1e-5
    )


def test_images_are_flattened_and_the_model_is_left_as_it_is() -> None:
    images, y = torch.rand(50, 6, 6), torch.tensor(RNG.integers(0, 3, 50))
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    model.train()
    before, seed = [one.clone() for one in model.parameters()], torch.random.get_rng_state()
    report = mlpdoctor.check(model, images, y, loss=nn.CrossEntropyLoss(), quick=True)
    with torch.no_grad():
        assert report.ladder["model"].value == pytest.approx(float(nn.CrossEntropyLoss()(model(images), y)), rel=1e-5)
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), seed)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "NAdam", "Adamax", "RMSprop", "Adagrad", "SGD"])
def test_the_optimizer_is_known_with_its_state(kind: str) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = getattr(torch.optim, kind)(model.parameters(), lr=0.03, **({"momentum": 0.9} if kind == "SGD" else {}))
    for _ in range(5):
        optimizer.zero_grad()
        nn.MSELoss()(model(X), Y).backward()
        optimizer.step()
    told = mlpdoctor.check(model, X, Y, loss="mse", optimizer=optimizer).to_dict()
    expected = None if kind == "SGD" else 5
    assert (told["model"]["learning_rate"], told["model"]["iterations"]) == (0.03, expected)
    assert [one["reason"] for one in told["checks"] if one["outcome"] == "crashed"] == []


class Own(nn.Module):  # type: ignore[misc, name-defined]
    def forward(self, x: Any) -> Any:  # noqa: ANN401
        return x


@pytest.mark.parametrize(
    ("model", "loss", "said"),
    [
        (Own(), "mse", "model: Own was given; of torch nn.Sequential is read"),
        (nn.Sequential(nn.Linear(3, 2), Own()), "mse", r"model\[1\] is Own; of torch mlpdoctor takes Linear, Dropout"),
        (nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 1)), "mse", r"model\[1\] takes 3 values, and 2 come to it"),
        (nn.Sequential(nn.Tanh()), "mse", "there is no nn.Linear in it"),
        (nn.Sequential(nn.Linear(3, 1)), nn.NLLLoss(), r"must end in nn.LogSoftmax\(dim=1\)"),
        (nn.Sequential(nn.Linear(3, 1)), nn.MSELoss(reduction="none"), "is no single number"),
        (nn.Sequential(nn.Linear(3, 1)), nn.CTCLoss(), "CTCLoss was given; expected a name such as 'mse'"),
        (nn.Sequential(nn.Linear(3, 1), nn.PReLU()), "mse", "is an activation that mlpdoctor does not follow"),
    ],
)
def test_what_is_not_followed_is_told(model: Any, loss: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(mlpdoctor.InputError, match=said):
        mlpdoctor.check(model, X, Y, loss=loss)


@pytest.mark.parametrize(("kind", "adds"), [("Adam", True), ("SGD", True), ("RMSprop", True), ("AdamW", False)])
def test_weight_decay_is_a_penalty_but_in_adamw(kind: str, *, adds: bool) -> None:
    """What torch adds to the gradient is the derivative of half the decay times the sum of squares."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    optimizer = getattr(torch.optim, kind)(model.parameters(), lr=0.01, weight_decay=0.1)
    x, y = np.random.default_rng(0).normal(size=(40, 2)), np.ones((40, 1))
    told = mlpdoctor.check(model, x, y, loss="mse", optimizer=optimizer).to_dict()["ladder"]["penalty"]
    squares = sum(float((values.detach() ** 2).sum()) for values in model.parameters())
    if adds:
        assert told["total"] == pytest.approx(0.05 * squares, rel=1e-6)
    else:
        assert told is None


def test_an_optimizer_must_be_one_of_torch_and_of_this_model() -> None:
    model, other = nn.Sequential(nn.Linear(3, 1)), nn.Sequential(nn.Linear(3, 1))
    with pytest.raises(mlpdoctor.InputError, match=r"optimizer: str was given; expected one of torch.optim"):
        mlpdoctor.check(model, X, Y, loss="mse", optimizer="adam")
    with pytest.raises(mlpdoctor.InputError, match="trains none of the model's parameters"):
        mlpdoctor.check(model, X, Y, loss="mse", optimizer=torch.optim.Adam(other.parameters()))
    with pytest.raises(mlpdoctor.InputError, match=r"treat trains models of Keras 3; mlpdoctor.check"):
        mlpdoctor.treat(model, X, Y)
