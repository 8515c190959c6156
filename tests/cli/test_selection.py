"""Which rules are looked at, and by which numbers they decide."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import patient, run

from mlpdoctor import facts as fact_package
from mlpdoctor.cli.selection import ALL, Choice, chosen, specific, with_thresholds
from mlpdoctor.core.check import Check, Fact, Rule
from mlpdoctor.core.discovery import declared
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.catalogue import rules

RULES = rules()
CODES = [rule.code for rule in RULES]
WORDS = [ALL, *sorted({code[:end] for code in CODES for end in range(1, 5)}), *(rule.name for rule in RULES)]
words = st.lists(st.sampled_from(WORDS), max_size=4).map(tuple)
choices = st.builds(Choice, select=st.none() | words, ignore=words, extend_select=words)


def codes(*places: Choice) -> frozenset[str]:
    return chosen(RULES, places)


def test_without_a_word_every_rule_is_in_force() -> None:
    assert codes() == codes(Choice()) == frozenset(CODES)


@pytest.mark.parametrize(
    ("choice", "inside", "outside"),
    [
        (Choice(select=("A",)), "A101 A107", "D701 U401"),
        (Choice(select=("a1", "Dead_ReLU")), "A101 U401", "U402 D701"),
        (Choice(ignore=("D7",)), "A101 U401", "D701 D714"),
        (Choice(select=("A",), ignore=("A101",)), "A102", "A101 D701"),
        (Choice(select=("A101",), ignore=("A",)), "A101", "A102"),
        (Choice(select=("missing-nonlinearity",), ignore=("A10",)), "A101", "A102"),
        (Choice(select=("A101",), ignore=("missing-nonlinearity",)), "", "A101"),
        (Choice(select=("A",), extend_select=("U401",)), "A101 U401", "U402"),
        (Choice(ignore=("ALL",), extend_select=("U401",)), "U401", "U402 A101"),
        (Choice(extend_select=("U401",)), "U401 A101", ""),
    ],
)
def test_the_more_specific_word_wins(choice: Choice, inside: str, outside: str) -> None:
    found = codes(choice)
    assert set(inside.split()) <= found
    assert not set(outside.split()) & found


def test_a_later_place_wins_over_an_earlier_one() -> None:
    file = Choice(select=("A",), ignore=("A101",))
    assert codes(file, Choice(select=("A101",))) == {"A101"}
    assert "A102" not in codes(file, Choice(ignore=("A10",)))
    assert codes(file, Choice(extend_select=("U401",))) == codes(file) | {"U401"}
    assert codes(Choice(ignore=("D702",)), Choice(select=("D",))) == {code for code in CODES if code[0] == "D"}


@pytest.mark.slow
@given(st.lists(choices, max_size=3), choices)
def test_laws_of_selection(before: Sequence[Choice], last: Choice) -> None:
    """A last place that selects makes the earlier ones forgotten; one that only ignores never adds a rule."""
    if last.select is not None:
        assert codes(*before, last) == codes(last)
        assert all(
            any(specific(w, r) >= 0 for w in last.select + last.extend_select) for r in RULES if r.code in codes(last)
        )
    assert codes(*before, Choice(ignore=last.ignore)) <= codes(*before)
    assert codes(*before, Choice(extend_select=last.extend_select)) >= codes(*before)
    assert codes(*before, Choice()) == codes(*before)


@given(choices)
def test_the_order_and_the_spelling_of_words_do_not_matter(choice: Choice) -> None:
    turned = Choice(
        None if choice.select is None else tuple(word.lower() for word in reversed(choice.select)),
        tuple(word.upper() if len(word) < 5 else word.replace("-", "_") for word in reversed(choice.ignore)),
        tuple(reversed(choice.extend_select)),
    )
    assert codes(turned) == codes(choice)


def test_only_selected_checks_run_and_only_their_facts_are_computed(tmp_path: Path) -> None:
    patient(tmp_path)
    computed: list[str] = []

    def spied(fact: Fact) -> None:
        function = fact.function

        @functools.wraps(function)
        def call(*words: object, **options: object) -> object:
            computed.append(function.__name__)
            return function(*words, **options)

        object.__setattr__(fact, "function", call)

    facts = declared(fact_package, Fact)
    originals = {id(fact): fact.function for fact in facts}
    try:
        for fact in facts:
            spied(fact)
        few = [check for check in all_checks() if check.rule.code == "A101"]
        question = Question(str(tmp_path / "model.keras"), str(tmp_path / "data.csv"))
        diagnose(question, checks=few)
        with_few = set(computed)
        computed.clear()
        diagnose(question)
        with_all = set(computed)
    finally:
        for fact in facts:
            object.__setattr__(fact, "function", originals[id(fact)])
    assert with_few < with_all
    assert "gradients" in with_all - with_few


def test_a_selection_is_what_the_report_is_about(tmp_path: Path) -> None:
    patient(tmp_path)
    done = run(tmp_path, "check", "model.keras", "data.csv", "--select", "U401,D702", "--format", "json")
    report = json.loads(done.out)
    assert done.status == 0
    assert [check["code"] for check in report["checks"]] == ["D702", "U401"]
    assert report["findings"] == []
    assert report["verdict"].startswith(f"Looks healthy, as far as 2 rules of {len(RULES)} can tell.")
    assert {suspect["by"] for suspect in report["ruled_out"]} <= {"D702", "U401"}
    assert "learning rate" not in {suspect["what"] for suspect in report["ruled_out"]}


def test_without_its_cause_an_effect_stands_alone(tmp_path: Path) -> None:
    """A101 brings L501 about; when A101 is not asked for, L501 is the first to be fixed and is no consequence."""
    patient(tmp_path)
    words = ("check", "model.keras", "data.csv", "--format", "json", "--select")
    both = json.loads(run(tmp_path, *words, "A101,L501").out)
    alone = json.loads(run(tmp_path, *words, "L501").out)
    assert {finding["because_of"] for finding in both["findings"] if finding["code"] == "L501"} <= {"A101"}
    assert all(finding["because_of"] is None for finding in alone["findings"])


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_an_unknown_rule_is_an_error_with_what_is_near(tmp_path: Path, option: str) -> None:
    patient(tmp_path)
    line = run(tmp_path, "check", "model.keras", option, "A101,dead-rellu").line
    assert f"{option}: there is no rule 'dead-rellu'; did you mean dead-relu" in line
    assert "mlpdoctor rules" in run(tmp_path, "check", "model.keras", option, "Q9").line
    assert "no rule 'A1011'" in run(tmp_path, "check", "model.keras", option, "A1011").line


def test_to_select_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    patient(tmp_path)
    assert "no rule is left" in run(tmp_path, "check", "model.keras", "--select", "A101", "--ignore", "A101").line


def test_words_may_be_repeated_or_joined_by_commas(tmp_path: Path) -> None:
    patient(tmp_path)
    words = ("config", "--format", "json")
    joined = run(tmp_path, *words, "--select", "A101, U401").out
    assert json.loads(joined)["rules"] == ["A101", "U401"]
    assert joined == run(tmp_path, *words, "--select", "A101", "--select", "U401").out


@pytest.mark.parametrize(
    ("word", "seen"), [("D706.tolerated_share=0.1", True), ("duplicate-rows.tolerated-share=0.9", False)]
)
def test_a_threshold_decides(tmp_path: Path, word: str, seen: bool) -> None:  # noqa: FBT001
    """Half of the rows repeat others."""
    patient(tmp_path)
    (tmp_path / "data.csv").write_text("x,y\n1,2\n" + "".join(f"{k},{k * k}\n" for k in range(40)) * 2)
    done = run(tmp_path, "check", "model.keras", "data.csv", "--select", "D706", "--format", "json", "--set", word)
    assert bool(json.loads(done.out)["findings"]) is seen


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("dead-relu", ["RULE.NAME=VALUE"]),
        ("dead-relu.tolerated", ["RULE.NAME=VALUE"]),
        ("dead-rellu.tolerated=1", ["no rule 'dead-rellu'", "dead-relu"]),
        ("dead-relu.tolerate=1", ["no threshold 'tolerate'", "did you mean tolerated"]),
        ("dead-relu.zzz=1", ["no threshold 'zzz'", "it has tolerated"]),
        ("A101.tolerated=1", ["missing-nonlinearity has no threshold", "nor any other"]),
        ("dead-relu.tolerated=much", ["expected a number such as 0.1", "'much'"]),
        ("dead-relu.tolerated=true", ["expected a number", "True"]),
        ("dead-relu.tolerated=nan", ["expected a number", "nan"]),
        ("dead-relu.tolerated=inf", ["expected a number", "inf"]),
        ("dead-relu.tolerated=-0.1", ["-0.1", "below 0"]),
        ("hidden-softmax.narrow=2.5", ["expected a whole number such as 8", "2.5"]),
    ],
)
def test_a_bad_threshold_is_one_line(tmp_path: Path, word: str, words: list[str]) -> None:
    patient(tmp_path)
    line = run(tmp_path, "check", "model.keras", "--set", word).line
    assert all(part in line for part in (f"--set {word}", *words)), line


def test_a_whole_number_will_do_for_a_number_and_dashes_for_underscores(tmp_path: Path) -> None:
    patient(tmp_path)
    shown = json.loads(run(tmp_path, "config", "--format", "json", "--set", "heavy-dropout.on-inputs=1").out)
    assert shown["thresholds"] == {"A104": {"on_inputs": {"value": 1.0, "from": "command line"}}}


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.rule.code)
def test_every_check_takes_its_thresholds(check: Check) -> None:
    """Bound to other numbers a check asks for the same things."""
    from mlpdoctor.diagnosis.resolve import asked

    bound = with_thresholds(check, dict(check.rule.thresholds))
    assert asked(bound.function) == asked(check.function)
    assert bound.rule == check.rule


def test_the_catalogue_and_the_checks_agree_on_what_can_be_set() -> None:
    def numbers(rule: Rule) -> tuple[str, dict[str, object]]:
        return rule.code, dict(rule.thresholds)

    assert [numbers(rule) for rule in RULES] == [numbers(check.rule) for check in all_checks()]
