"""Every rule has a treatment or a reason why not; each fits the patients it is meant for and does its part."""

import functools
import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import L, Model, Table, compiled, put, save_data, stack
from model_specs import answers, rebuilt, spec_of
from paths import FIXTURES
from treated_cases import PATIENTS, BrokenModel, chain, curved, net, plain

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Network
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question, wanted
from mlpdoctor.engine.passes import Passes
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, companions, kinds, named, offered
from mlpdoctor.treat.editing.apply import edited, recoded
from mlpdoctor.treat.editing.diff import as_json, diff
from mlpdoctor.treat.editing.editable_spec import EditableSpec
from mlpdoctor.treat.editing.edits import Compile, ModelSpec, Recode, Redraw, SetOption, Widen

"""Rules on training histories, which come with a file of their own."""
HEADINGS = ("What it changes", "Why it proves the cause", "Keeps", "Refuted by")


@dataclass(frozen=True, eq=False)
class Known:
    """A patient with its model as data."""

    case: Case
    spec: ModelSpec
    x: Table
    y: Table

    def finding(self, code: str) -> Finding:
        found = self.case.found(code)
        assert found is not None, (code, [one.code for one in self.case.report.findings])
        return found


def known(broken: BrokenModel, *codes: str) -> Known:
    """The case diagnosed by these rules alone, or by none."""
    model, x, y = broken
    with tempfile.TemporaryDirectory() as folder:
        model.save(path := str(Path(folder) / "model.keras"))
        data = save_data(Path(folder) / "data.npz", x, y)
        checks = [check for check in all_checks() if check.rule.code in codes]
        report = diagnose(Question(path, data), checks=checks)
        case = Case(read_network(path), report, x, y)
    return Known(case, spec_of(model), x, y)


@functools.cache
def of_rule(code: str) -> Known:
    return known(PATIENTS[code][0](), code)


def treatments(proposals: tuple[Proposal, ...]) -> list[Treatment]:
    return [one for one in proposals if isinstance(one, Treatment)]


def first(code: str) -> Treatment:
    seen = of_rule(code)
    return treatments(offered(seen.finding(code), seen.case))[0]


def loss(spec: ModelSpec, x: Table, y: Table) -> float:
    """The mean squared error of a spec's model."""
    (found,) = answers(rebuilt(spec), x)
    return float(np.mean(np.square(found - y)))


WHY_NONE = {check.rule.code: check.rule.untreatable for check in all_checks()}
CODES = sorted(WHY_NONE)


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_a_treatment_or_a_reason_why_not(code: str) -> None:
    treated = [kind.name for kind in kinds() if code in kind.answers]
    assert bool(treated) != bool(WHY_NONE[code]), (treated, WHY_NONE[code])


def test_no_unknown_rule_is_treated() -> None:
    spoken = {code for kind in kinds() for code in (*kind.answers, *kind.symptoms)}
    assert spoken <= set(CODES)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_the_page_of_a_treatment_says_all_that_there_is_to_say(kind: object) -> None:
    page = getattr(kind, "page", "")
    assert [line for line in page.splitlines()[2:] if line and not line.startswith(" ")] == list(HEADINGS)
    assert page.splitlines()[0].endswith(".")
    assert not {"!", "\u2014"} & set(page)


def test_every_treatment_has_a_patient_here() -> None:
    tried = {
        one.name for code in PATIENTS for one in treatments(offered(of_rule(code).finding(code), of_rule(code).case))
    }
    assert tried == {kind.name for kind in kinds()}


@pytest.mark.parametrize("code", PATIENTS)
def test_the_treatment_to_try_first(code: str) -> None:
    treatment = first(code)
    assert treatment.name == PATIENTS[code][1]
    assert code in treatment.answers or code == "L502"


@pytest.mark.parametrize("code", PATIENTS)
def test_what_is_offered_fits_the_model(code: str) -> None:
    seen = of_rule(code)
    width = recoded(seen.y, []).shape[1]
    assert width
    for treatment in treatments(offered(seen.finding(code), seen.case)):
        assert set(map(id, treatment.shared)) <= set(map(id, treatment.edits))
        edited(seen.spec, treatment.shared)
        after = edited(seen.spec, treatment.edits, seed=1)
        model = rebuilt(after)
        assert all(np.isfinite(one).all() for one in answers(model, seen.x)) or code in {"W301", "G602"}
        recoded(seen.y, treatment.edits)
        assert diff(seen.spec, treatment.edits)
        json.dumps(as_json(seen.spec, treatment.edits), allow_nan=False)
        assert treatment.text[0].islower()
        assert treatment.code


def test_restored_activation_is_tanh_for_few_features_and_relu_for_many() -> None:
    few, many = (known((chain(L.Dense(8, name="hidden"), features=k), *curved(60, k)), "A101") for k in (2, 6))
    assert first("A101").edits == (SetOption("hidden", "activation", "tanh"),)
    (one,) = treatments(tuple(kinds_named("restore-activation", few)))[:1]
    assert one.edits == (SetOption("hidden", "activation", "tanh"),)
    (other,) = treatments(offered(many.finding("A101"), many.case))[:1]
    assert other.edits == (SetOption("hidden", "activation", "relu"),)


def kinds_named(name: str, seen: Known) -> list[Proposal]:
    return list(named(name, seen.case))


def test_match_scale_cures_without_training() -> None:
    seen = of_rule("D713")
    after = edited(seen.spec, first("D713").edits)
    assert loss(after, seen.x, seen.y) < 1e-3 * loss(seen.spec, seen.x, seen.y)


def test_a_solved_readout_is_the_least_squares_one() -> None:
    seen = of_rule("L506")
    after = edited(seen.spec, first("L506").edits)
    body = rebuilt(seen.spec)
    hidden = np.asarray(body.get_layer("hidden")(seen.x.astype(np.float32)))
    design = np.column_stack([np.ones(len(hidden)), hidden])
    best = np.linalg.lstsq(design, seen.y, rcond=None)[0]
    least = float(np.mean(np.square(design @ best - seen.y)))
    assert least <= loss(after, seen.x, seen.y) <= 1.05 * least


def test_a_started_bias_answers_the_mean() -> None:
    seen = of_rule("O209")
    after = edited(seen.spec, first("O209").edits)
    (found,) = answers(rebuilt(after), seen.x)
    assert float(found.mean()) == pytest.approx(float(seen.y.mean()), abs=1.0)


def test_standardised_inputs_reach_the_first_layer_as_such() -> None:
    seen = of_rule("D702")
    model = rebuilt(edited(seen.spec, first("D702").edits))
    values = np.asarray(model.layers[0](seen.x.astype(np.float32)))
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-4)
    assert first("D702").shared


def test_an_adapted_normalization_standardises() -> None:
    seen = of_rule("W308")
    model = rebuilt(edited(seen.spec, first("W308").edits))
    values = np.asarray(model.get_layer("norm")(seen.x.astype(np.float32)))
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-3)


def test_scaled_targets_are_answered_in_their_own_units() -> None:
    seen = of_rule("D703")
    (found,) = answers(rebuilt(edited(seen.spec, first("D703").edits)), seen.x)
    assert abs(found.mean() - seen.y.mean()) < 3 * seen.y.std()
    assert not any(isinstance(edit, Compile) for edit in first("D703").edits)  # Adam needs no other rate


@pytest.mark.parametrize(("error", "power"), [("mse", 2), ("mae", 1)])
def test_plain_gradient_descent_gets_the_rate_that_goes_with_scaled_targets(error: str, power: int) -> None:
    x, y = curved()
    seen = known((plain(error, optimizer=keras.optimizers.SGD(0.1)), x, 1000 * y))
    (treatment,) = treatments(named("scale-targets", seen.case))
    (rate,) = [edit.value for edit in treatment.edits if isinstance(edit, Compile)]
    assert rate == pytest.approx(0.1 / float(1000 * y.std()) ** power, rel=1e-5)


def test_redrawn_units_are_the_dead_ones() -> None:
    seen = of_rule("U401")
    (edit,) = first("U401").edits
    assert isinstance(edit, Redraw)
    body = rebuilt(seen.spec)
    hidden = np.asarray(body.get_layer("hidden")(seen.x.astype(np.float32)))
    assert edit.units == tuple(np.flatnonzero((hidden == 0).all(axis=0)).tolist())
    after = rebuilt(edited(seen.spec, [edit], seed=2))
    awake = np.asarray(after.get_layer("hidden")(seen.x.astype(np.float32)))
    assert (awake > 0).any(axis=0).sum() > (hidden > 0).any(axis=0).sum()


def test_wider_layers_start_from_the_same_answers() -> None:
    seen = of_rule("L505")
    treatment = first("L505")
    assert any(isinstance(edit, Widen) for edit in treatment.edits)
    after = edited(seen.spec, treatment.edits, seed=5)
    assert loss(after, seen.x, seen.y) == pytest.approx(loss(seen.spec, seen.x, seen.y), rel=1e-4)
    kernel, bias = after.weights["hidden"]["kernel"][0], after.weights["hidden"]["bias"]
    kinks = -bias[2:] / kernel[2:]
    inside = kinks[np.abs(kinks) < 3]
    assert np.ptp(inside) > 2  # all over the rows, not in one place


def test_a_rate_is_lowered_to_where_the_finding_saw_it_fall() -> None:
    told = float(str(of_rule("G603").finding("G603").evidence.numbers["lower_rate"]))
    assert first("G603").edits == (Compile("learning_rate", told),)


@pytest.mark.parametrize(
    ("labels", "units", "function", "expected"),
    [
        ("binary", 1, "softmax", ("sigmoid", 1, None)),
        ("signs", 1, "sigmoid", ("sigmoid", 1, "positive")),
        ("classes", 1, "sigmoid", ("softmax", 4, None)),
        ("shifted", 4, "softmax", ("softmax", 4, "minus")),
        ("one-hot", 4, "sigmoid", ("softmax", 4, None)),
        ("several", 3, "softmax", ("sigmoid", 3, None)),
        ("amounts", 1, "sigmoid", ("linear", 1, None)),
    ],
)
def test_heads_that_fit_their_labels(
    labels: str, units: int, function: str, expected: tuple[str, int, str | None]
) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 2))
    numbers = (np.arange(200) % 4).astype(float)[:, None]
    y = {
        "binary": (numbers > 1).astype(float),
        "signs": np.where(numbers > 1, 1.0, -1.0),
        "classes": numbers,
        "shifted": numbers + 1,
        "one-hot": np.eye(4)[numbers[:, 0].astype(int)],
        "several": (rng.uniform(size=(200, 3)) > 0.5).astype(float),
        "amounts": rng.normal(size=(200, 1)),
    }[labels]
    error = "sparse_categorical_crossentropy" if labels == "shifted" else "binary_crossentropy"
    seen = known((plain(error, units, function), x, y))
    (treatment,) = treatments(named("fit-head", seen.case))
    after = rebuilt(edited(seen.spec, treatment.edits))
    last = after.layers[-1]
    assert (last.get_config()["activation"], last.units) == expected[:2]
    recodes = [edit.how for edit in treatment.edits if isinstance(edit, Recode)]
    assert recodes == ([expected[2]] if expected[2] else [])
    targets = recoded(y, treatment.edits)
    (found,) = answers(after, x)
    value = np.asarray(keras.losses.get(after.loss)(targets.astype(np.float32), found))
    assert np.isfinite(value).all()
    assert (value >= 0).all()


def test_false_treatment_a_head_that_fits_is_left_alone() -> None:
    x, y = curved()
    seen = known((plain("mse", 1), x, y))
    for name in ("fit-head", "free-output", "declare-logits", "scale-targets", "standardise-inputs", "unfreeze"):
        assert [type(one) for one in named(name, seen.case)] == [Nothing], name


def test_false_treatment_a_good_rate_is_not_raised_and_adam_not_replaced() -> None:
    x, y = curved()
    seen = known((plain(optimizer=keras.optimizers.Adam(0.01)), x, y))
    assert [one.name for one in companions(seen.case)] == ["redraw-weights", "widen-layers", "decay-learning-rate"]


def test_companions_of_a_slow_model_speed_it_up_first() -> None:
    x, y = curved()
    seen = known((plain(optimizer=keras.optimizers.SGD(1e-5)), 1000 * x, y))
    assert [one.name for one in companions(seen.case)] == [
        "raise-learning-rate",
        "use-adam",
        "redraw-weights",
        "widen-layers",
        "standardise-inputs",
        "decay-learning-rate",
    ]


def test_false_treatment_a_rate_that_falls_already_is_not_let_fall() -> None:
    x, y = curved()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 1000, 0.5)
    seen = known((plain(optimizer=keras.optimizers.Adam(schedule)), x, y))
    assert [type(one) for one in named("decay-learning-rate", seen.case)] == [Nothing]


def test_layers_of_inner_models_are_treated_by_their_paths() -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(8, name="deep"), L.Dense(4, name="more")], name="body")
    entry = keras.Input((2,))
    seen = known((compiled(keras.Model(entry, L.Dense(1, name="out")(body(entry)))), *curved()), "A101")
    (treatment,) = treatments(offered(seen.finding("A101"), seen.case))[:1]
    assert {edit.layer for edit in treatment.edits if isinstance(edit, SetOption)} == {"body/deep", "body/more"}
    after = rebuilt(edited(seen.spec, treatment.edits))
    assert after.get_layer("body").get_layer("deep").get_config()["activation"] == "tanh"


def test_two_ways_from_one_input_are_standardised_by_one_layer() -> None:
    entry = keras.Input((2,), name="entry")
    deep = L.Dense(8, "relu", name="deep")(entry)
    model = compiled(keras.Model(entry, L.Add()([L.Dense(1, name="out")(deep), L.Dense(1, name="wide")(entry)])))
    x, y = curved()
    seen = known((model, 1000 * x, y))
    (treatment,) = treatments(named("standardise-inputs", seen.case))
    after = edited(seen.spec, treatment.edits)
    kinds_there = [place.kind for place in EditableSpec.of(after).places()]
    assert kinds_there.count("Normalization") == 1
    assert np.isfinite(answers(rebuilt(after), 1000 * x)[0]).all()


@pytest.mark.parametrize(
    ("shape", "layer"), [((4, 4, 2), lambda: L.Conv2D(3, 2, name="first")), ((6, 2), lambda: L.LSTM(3, name="first"))]
)
def test_pictures_and_sequences_are_standardised_by_channel(shape: tuple[int, ...], layer: Callable[[], Model]) -> None:
    model = compiled(keras.Sequential([keras.Input(shape), layer(), L.Flatten(), L.Dense(1, name="out")]))
    x = np.random.default_rng(0).uniform(0, 255, size=(50, int(np.prod(shape))))
    seen = Case(known_network(model), known((plain(), *curved())).case.report, x, curved(50)[1])
    (treatment,) = treatments(named("standardise-inputs", seen))
    after = rebuilt(edited(spec_of(model), [edit for edit in treatment.edits if not isinstance(edit, Redraw)]))
    values = np.asarray(after.layers[0](x.reshape(-1, *shape).astype(np.float32)))
    np.testing.assert_allclose(values.std(axis=tuple(range(len(shape)))), 1, rtol=1e-3)
    assert after.layers[0].name == "normalization"


def known_network(model: Model) -> Network:
    """What the reader makes of a model."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(path := str(Path(folder) / "model.keras"))
        return read_network(path)


def test_a_softmax_layer_and_an_activation_layer_are_replaced_too() -> None:
    for layer in (L.Softmax(name="share"), L.Activation("softmax", name="share")):
        seen = known((compiled(net(L.Dense(6, name="a"), layer, L.Dense(1, name="b"))), *curved()))
        (treatment,) = treatments(named("replace-hidden-softmax", seen.case))
        model = rebuilt(edited(seen.spec, treatment.edits))
        inner = np.asarray(keras.Model(model.inputs[0], model.layers[-1].input)(seen.x.astype(np.float32)))
        assert (inner >= 0).all()
        assert inner.max() > 1


def test_the_scale_of_weights_is_told_apart_from_the_restart() -> None:
    seen = of_rule("W303")
    (treatment,) = [one for one in treatments(offered(seen.finding("W303"), seen.case)) if one.name == "scale-weights"]
    control, treated = (edited(seen.spec, edits, seed=4) for edits in (treatment.shared, treatment.edits))
    old, again, new = (spec.weights["hidden"]["kernel"] for spec in (seen.spec, control, treated))
    assert again.std() == pytest.approx(old.std(), rel=0.3)
    assert not np.isclose(again, old).any()
    assert new.std() < 1 < old.std()


def test_the_scale_is_that_of_all_kernels_that_are_off() -> None:
    """What a finding on hidden layers names is drawn at its old size, and so is an output layer that has grown."""
    model, x, y = chain(L.Dense(16, "tanh", name="hidden"), L.Dense(16, "tanh", name="deep")), *curved()
    put(model.get_layer("deep"), 3 * np.random.default_rng(1).normal(size=(16, 16)), np.zeros(16))
    put(model.get_layer("out"), 300 * np.random.default_rng(2).normal(size=(16, 1)), [0.0])
    seen = known((model, x, y), "W303")
    assert seen.finding("W303").evidence.numbers["layers"] == ("deep",)
    (treatment,) = treatments(named("scale-weights", seen.case))
    (told,) = [one for one in treatments(offered(seen.finding("W303"), seen.case)) if one.name == "scale-weights"]
    assert treatment.text == told.text
    control = edited(seen.spec, told.shared, seed=4)
    assert control.weights["deep"]["kernel"].std() == pytest.approx(3, rel=0.3)
    assert control.weights["out"]["kernel"].std() == pytest.approx(300, rel=0.5)
    assert control.weights["hidden"]["kernel"].std() == pytest.approx(math.sqrt(2 / 18), rel=0.3)


def test_false_treatment_kernels_of_the_right_scale_are_left_alone() -> None:
    seen = known((plain(), *curved()))
    assert [type(one) for one in named("scale-weights", seen.case)] == [Nothing]


@pytest.mark.parametrize("kind", ["AdamW", "Adam", "SGD", "Lion"])
def test_weight_decay_is_taken_off_whatever_the_optimizer(kind: str) -> None:
    optimizer = getattr(keras.optimizers, kind)(0.01, weight_decay=0.5)
    seen = known((plain(optimizer=optimizer), *curved()))
    (treatment,) = treatments(named("remove-penalties", seen.case))
    cured = rebuilt(edited(seen.spec, treatment.edits)).optimizer
    assert type(cured).__name__ == kind
    assert not cured.weight_decay


def test_labels_are_not_given_a_linear_output() -> None:
    x, y = curved()
    binary = (y > 1).astype(float)
    seen = known((plain("mse", 1, "softmax"), x, binary), "O201", "O207")
    for code in ("O201", "O207"):
        assert {one.name for one in treatments(offered(seen.finding(code), seen.case))} == {"fit-head"}


def test_metrics_of_the_old_labels_give_way() -> None:
    x, y = curved()
    numbers = (np.arange(len(x)) % 3).astype(float)[:, None]
    model = plain("binary_crossentropy", 1, "sigmoid", metrics=["binary_accuracy"])
    (treatment,) = treatments(named("fit-head", known((model, x, numbers)).case))
    assert Compile("metrics", ["accuracy"]) in treatment.edits
    assert y.shape == numbers.shape


def test_a_name_that_is_none_of_theirs_is_nothing() -> None:
    seen = known((compiled(stack(2, L.Dense(1))), *curved()))
    assert named("bloodletting", seen.case) == ()


@pytest.mark.parametrize(
    ("fixture", "code", "name"),
    [
        ("three-points", "A101", "restore-activation"),
        ("four-relu-sine", "U401", "redraw-dead-units"),
        ("numpy-cosine", "U402", "redraw-weights"),
    ],
)
def test_the_first_issues_models_are_offered_their_cures(fixture: str, code: str, name: str) -> None:
    folder = FIXTURES / fixture
    path = next(path for path in folder.iterdir() if path.name.startswith("data"))
    model = str(folder / "model.keras")
    question = Question(model, str(path))
    report = diagnose(question, checks=[check for check in all_checks() if check.rule.code == code])
    network = read_network(model)
    rows = list(Passes(open_dataset(str(path), wanted(network, question))).rows())
    x, y = (np.concatenate([getattr(part, which) for part in rows]) for which in ("features", "targets"))
    case = Case(network, report, x, y)
    spec = spec_of(keras.models.load_model(folder / "model.keras", compile=False))
    (finding, *_) = report.findings
    offers = treatments(offered(finding, case))
    assert offers[0].name == name
    for one in offers:
        assert np.isfinite(answers(rebuilt(edited(spec, one.edits)), x[:10])[0]).all()
