"""Models held against limits: kept, broken, or nobody can tell."""

from fractions import Fraction
from pathlib import Path

import onnx.parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts import measures
from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import Measure
from cnnlint.lint import budget, reference
from cnnlint.lint.baseline import KnownModel
from cnnlint.lint.budget import KEYS, effective, measures_of, verdicts
from cnnlint.lint.gate import Gate, judge
from cnnlint.lint.limit import Limit
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from cnnlint.report.report import BudgetVerdict, Verdict
from rules.width.over_budget import over_budget
from tests.net import Net

NET = Net(3, 32).conv(16, name="a").relu()
"""448 parameters (1,792 bytes), 442,368 MACs, 65,536 numbers at once twice, a run of 1."""
FACTS = NET.facts()
EXACT = {
    "max_params": 448,
    "max_macs": 442_368,
    "max_weight_bytes": 1792,
    "max_peak_memory": 131_072,
    "max_plain_run": 1,
}
KEPT, BROKEN, UNDECIDABLE = Verdict.KEPT, Verdict.BROKEN, Verdict.UNDECIDABLE


def held(
    limit: Limit,
    facts: Facts = FACTS,
    known: KnownModel | None = None,
    bindings: Bindings | None = None,
) -> BudgetVerdict:
    (found,) = verdicts(facts, [limit], known, bindings or Bindings())
    return found


def measured(monkeypatch: pytest.MonkeyPatch, measure: Measure, name: str = "macs") -> None:
    monkeypatch.setattr(budget, "MEASURES", {**measures.MEASURES, name: lambda _: measure})


def test_keys() -> None:
    assert list(KEYS) == [
        *("max_params", "max_macs", "max_weight_bytes"),
        *("max_peak_memory", "max_file_size", "max_plain_run"),
    ]


# -------------------------------------------------------------- absolute limits


@pytest.mark.parametrize("key", EXACT)
@pytest.mark.parametrize(("above", "verdict"), [(1, KEPT), (0, KEPT), (-1, BROKEN)])
def test_exact_costs(key: str, above: int, verdict: Verdict) -> None:
    limit = EXACT[key] + above
    found = held(Limit(key, "cnnlint.toml:7", limit))
    assert (found.key, found.verdict, found.place) == (key, verdict, "cnnlint.toml:7")
    assert (found.value, found.limit) == (EXACT[key], limit)


@pytest.mark.parametrize(("above", "verdict"), [(1, KEPT), (0, KEPT), (-1, BROKEN)])
def test_file_size(above: int, verdict: Verdict) -> None:
    whole = Net(3, 8).relu().proto().SerializeToString()
    found = held(Limit("max_file_size", "here", len(whole) + above), Facts(load(whole)))
    assert (found.verdict, found.value) == (verdict, len(whole))


@pytest.mark.parametrize("name", measures.MEASURES)
@pytest.mark.parametrize(
    ("measure", "verdict"),
    [
        (Measure(100), KEPT),
        (Measure(101), BROKEN),
        (Measure(100, "more is unknown"), UNDECIDABLE),
        (Measure(0, "more is unknown"), UNDECIDABLE),
        (Measure(101, "more is unknown"), BROKEN),
        (Measure(None, "all is unknown"), UNDECIDABLE),
    ],
)
def test_what_is_known_and_what_is_not(
    name: str, measure: Measure, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(monkeypatch, measure, name)
    found = held(Limit(f"max_{name}", "here", 100))
    assert (found.verdict, found.value, found.limit) == (verdict, measure.value, 100)


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        (Measure(1_814_073_344), "1.81 GMACs, 20.9 % above 1.50 GMACs"),
        (Measure(1_814_073_344, "?"), "at least 1.81 GMACs, 20.9 % above 1.50 GMACs"),
        (Measure(1_400_000_000), "1.40 GMACs of 1.50 GMACs"),
        (
            Measure(1_400_000_000, "what acme:Warp costs is unknown"),
            "at least 1.40 GMACs of 1.50 GMACs: what acme:Warp costs is unknown",
        ),
        (Measure(None, "all is unknown"), "all is unknown"),
        (Measure(None, "a is open", "give a"), "a is open; give a"),
    ],
)
def test_reasons(measure: Measure, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(monkeypatch, measure)
    assert held(Limit("max_macs", "here", 1_500_000_000)).reason == reason


def test_no_limits() -> None:
    assert verdicts(FACTS, [], None, Bindings()) == ()


@pytest.mark.parametrize(("amount", "growth"), [(5.5, None), (None, 0.05)])
def test_latency_is_not_checked(amount: float | None, growth: float | None) -> None:
    found = held(Limit("max_latency_ms", "here", amount, growth))
    assert (found.verdict, found.value, found.limit) == (Verdict.NOT_CHECKED, None, amount)
    assert found.reason == "check runs nothing; cnnlint profile measures latency"


# -------------------------------------------------------- undecidable, in earnest

TEXTS = {
    "a loop": """
        net (float[1,3,8,8] x, int64 n, bool go) => (y) <float[3,3] w = {1,1,1,1,1,1,1,1,1}> {
            y = Loop (n, go, x) <
                body = one (int64 i, bool c, float[1,3,8,8] a) => (bool d, float[1,3,8,8] b) {
                    d = Identity (c)
                    b = MatMul (a, a)
                }>
        }""",
    "a custom operator": """
        net (float[1,3,8,8] x) => (float[1,3,8,8] y) <float[3] w = {1, 2, 3}> {
            y = acme.Warp (x, w)
        }""",
    "an open dimension in the channel": """
        net (float[1,C,8,8] x) => (y) { y = MatMul (x, x) }""",
}


@pytest.mark.parametrize(
    ("which", "key", "why"),
    [
        ("a loop", "max_macs", "how often Loop runs depends on the data"),
        ("a loop", "max_peak_memory", "what the bodies of If, Loop and Scan take isn't counted"),
        ("a custom operator", "max_macs", "what acme:Warp costs is unknown"),
        ("a custom operator", "max_params", "what acme:Warp reads may be weights, or not"),
        ("a custom operator", "max_weight_bytes", "what acme:Warp reads may be weights, or not"),
        ("a custom operator", "max_plain_run", "acme:Warp may hold layers"),
        ("an open dimension in the channel", "max_macs", "--dim C=SIZE"),
        ("an open dimension in the channel", "max_peak_memory", "--dim C=SIZE"),
    ],
)
def test_undecidable(which: str, key: str, why: str) -> None:
    text = f'<ir_version: 10, opset_import: ["" : 17, "acme" : 1]> {TEXTS[which]}'
    model = load(onnx.parser.parse_model(text).SerializeToString())
    found = held(Limit(key, "here", 10**12), Facts(model))
    assert found.verdict is UNDECIDABLE
    assert why in found.reason


def test_a_missing_data_file() -> None:
    found = held(Limit("max_file_size", "here", 10**12))
    assert found.verdict is UNDECIDABLE
    assert "weights.bin" in found.reason


@pytest.mark.parametrize("limit", [100, 448, 447, 10**6])
@pytest.mark.parametrize(
    "facts", [FACTS, NET.op("Det", name="odd").op("Relu").open_facts()], ids=["known", "unknown"]
)
def test_the_rule_of_budgets_judges_alike(facts: Facts, limit: int) -> None:
    options = {"max_params": limit, "max_macs": 1000 * limit}
    said = {f.evidence["what"]: f.evidence["decided"] for f in over_budget.run(facts, options)}
    verdict_of = {None: KEPT, True: BROKEN, False: UNDECIDABLE}
    for key, what in (("max_params", "parameters"), ("max_macs", "MACs")):
        decided = said.get(what)
        assert decided is None or isinstance(decided, bool)
        assert held(Limit(key, "here", options[key]), facts).verdict is verdict_of[decided]


# --------------------------------------------------- relative to the baseline


def grown(value: int, growth: float, cost: float) -> BudgetVerdict:
    with pytest.MonkeyPatch.context() as patch:
        measured(patch, Measure(value))
        return held(
            Limit("max_macs", "here", growth=growth), known=KnownModel(costs={"max_macs": cost})
        )


@pytest.mark.parametrize(
    ("value", "growth", "cost", "verdict"),
    [
        (105, 0.05, 100, KEPT),
        (106, 0.05, 100, BROKEN),
        (130, 0.3, 100, KEPT),
        (131, 0.3, 100, BROKEN),
        (110, 0.1, 100.0, KEPT),
        (100, 0.0, 100, KEPT),
        (101, 0.0, 100, BROKEN),
        (95, -0.05, 100, KEPT),
        (96, -0.05, 100, BROKEN),
        (0, 0.05, 0, KEPT),
        (1, 0.05, 0, BROKEN),
        (1, 0.05, 1, KEPT),
        (2, 0.999999, 1, BROKEN),
        (9_007_199_254_740_993, 0.0, 9_007_199_254_740_993, KEPT),
        (9_007_199_254_740_994, 0.0, 9_007_199_254_740_993, BROKEN),
    ],
)
def test_growth(value: int, growth: float, cost: float, verdict: Verdict) -> None:
    assert grown(value, growth, cost).verdict is verdict


@given(
    cost=st.integers(0, 10**15),
    hundredths=st.integers(-9_999, 100_000),
    value=st.integers(0, 10**15),
    near=st.integers(-2, 2) | st.none(),
)
def test_growth_is_exact(cost: int, hundredths: int, value: int, near: int | None) -> None:
    most = cost * (1 + Fraction(hundredths, 10_000))
    value = value if near is None else max(0, int(most) + near)
    found = grown(value, hundredths / 10_000, cost)
    assert (found.verdict is KEPT) is (value <= most)
    assert found.limit == int(most)


def test_reasons_of_growth() -> None:
    assert grown(106, 0.05, 100).reason == (
        "106 MACs, 1.0 % above 105 MACs, which is +5% against 100 MACs in the baseline"
    )
    assert grown(9, 0.125, 100).reason == (
        "9 MACs of 112 MACs, which is +12.5% against 100 MACs in the baseline"
    )
    assert "which is -5% against 100 MACs" in grown(100, -0.05, 100).reason
    assert grown(1, 0.05, 0).reason == (
        "1 MAC, 1 above 0 MACs, which is +5% against 0 MACs in the baseline"
    )


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (None, "no baseline knows this model; make it with cnnlint baseline create"),
        (KnownModel(), "the baseline doesn't say what it cost"),
        (KnownModel({"max_params": 5}), "the baseline doesn't say what it cost"),
    ],
)
def test_no_cost_to_grow_from(known: KnownModel | None, why: str) -> None:
    found = held(Limit("max_macs", "here", growth=9.0), known=known)
    assert (found.verdict, found.limit, found.value) == (UNDECIDABLE, None, 442_368)
    assert found.reason.startswith(why)


def test_growth_of_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    limit, known = Limit("max_macs", "here", growth=0.05), KnownModel({"max_macs": 100})
    for measure, verdict in (
        (Measure(105, "?"), UNDECIDABLE),
        (Measure(None, "?"), UNDECIDABLE),
        (Measure(106, "?"), BROKEN),
    ):
        measured(monkeypatch, measure)
        assert held(limit, known=known).verdict is verdict


# --------------------------------------------------- relative to another model


@pytest.fixture
def released(tmp_path: Path) -> Path:
    file = tmp_path / "released.onnx"
    file.write_bytes(NET.proto().SerializeToString())
    return file


@pytest.mark.parametrize("key", EXACT)
def test_reference(key: str, released: Path) -> None:
    cost = EXACT[key]
    found = held(Limit(key, "here", growth=0.0, reference=released))
    assert (found.verdict, found.limit, found.value) == (KEPT, cost, cost)
    assert "+0% against " in found.reason
    assert found.reason.endswith(" in released.onnx")
    assert held(Limit(key, "here", growth=-0.01, reference=released)).verdict is BROKEN


def test_the_baseline_is_not_asked_where_a_reference_is_named(released: Path) -> None:
    known = KnownModel({"max_macs": 1})
    found = held(Limit("max_macs", "here", growth=0.0, reference=released), known=known)
    assert found.verdict is KEPT


def test_an_absolute_limit_asks_no_reference(tmp_path: Path) -> None:
    found = held(Limit("max_macs", "here", 442_368, reference=tmp_path / "none.onnx"))
    assert found.verdict is KEPT


def test_a_reference_is_loaded_with_the_same_sizes(tmp_path: Path) -> None:
    proto = NET.proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    file = tmp_path / "open.onnx"
    file.write_bytes(proto.SerializeToString())
    limit = Limit("max_macs", "here", growth=0.0, reference=file)
    for height, verdict in ((32, KEPT), (31, BROKEN), (64, KEPT)):
        assert held(limit, bindings=Bindings(dims={"height": height})).verdict is verdict
    shapes = Bindings(shapes={"input": (1, 3, 31, 32)})
    assert held(limit, bindings=shapes).verdict is BROKEN
    for height, verdict in ((32, KEPT), (31, BROKEN)):
        assert held(limit, bindings=Bindings(usual_dims={"height": height})).verdict is verdict
    unknown = held(limit)
    assert unknown.verdict is UNDECIDABLE
    assert unknown.reason.startswith("the same of open.onnx isn't known: the size of the output")
    assert "--dim height=SIZE" in unknown.reason


def test_a_reference_at_sizes_that_are_only_assumed(tmp_path: Path) -> None:
    proto = Net(3, 32).conv(8).relu().gap().proto()
    sides = proto.graph.input[0].type.tensor_type.shape.dim
    sides[2].dim_param, sides[3].dim_param = "h", "w"
    (file := tmp_path / "open.onnx").write_bytes(proto.SerializeToString())
    limit = Limit("max_macs", "here", growth=0.0, reference=file)
    small = Net(3, 32).conv(9).relu().gap().facts()
    found = held(limit, small)
    assert (found.verdict, found.limit) == (UNDECIDABLE, None)
    assert found.reason.startswith("open.onnx is taken at h = 224, w = 224, and the model is not")
    given = Bindings(shapes={"": (1, 3, 32, 32)})
    assert held(limit, small, bindings=given).verdict is BROKEN
    run = Limit("max_plain_run", "here", growth=0.0, reference=file)
    assert held(run, small).verdict is KEPT
    assert held(limit, Facts(load(file))).verdict is KEPT


def test_a_lower_bound_of_a_reference_is_nothing_to_grow_from(tmp_path: Path) -> None:
    text = f'<ir_version: 10, opset_import: ["" : 17, "acme" : 1]> {TEXTS["a custom operator"]}'
    file = tmp_path / "warp.onnx"
    file.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    found = held(Limit("max_params", "here", growth=0.05, reference=file))
    assert (found.verdict, found.limit, found.value) == (UNDECIDABLE, None, 448)
    assert found.reason == (
        "the same of warp.onnx isn't known: what acme:Warp reads may be weights, or not"
    )


def test_the_batch_goes_for_a_reference_too(tmp_path: Path) -> None:
    proto = NET.proto()
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    file = tmp_path / "batched.onnx"
    file.write_bytes(proto.SerializeToString())
    limit = Limit("max_macs", "here", growth=0.0, reference=file)
    for bindings in (Bindings(batch=4), Bindings(usual_batch=4)):
        assert held(limit, bindings=bindings).limit == 4 * 442_368


@pytest.mark.parametrize("content", [None, b"", b"\x08"])
def test_a_reference_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "odd.onnx"
    if content is not None:
        file.write_bytes(content)
    found = held(Limit("max_macs", "here", growth=0.05, reference=file))
    assert (found.verdict, found.limit) == (UNDECIDABLE, None)
    assert found.reason.startswith("the reference can't be read: ")
    assert str(file) in found.reason


def test_a_reference_that_does_not_take_the_sizes(released: Path) -> None:
    bindings = Bindings(shapes={"input": (1, 3, 32)})
    found = held(Limit("max_macs", "here", growth=0.05, reference=released), bindings=bindings)
    assert found.verdict is UNDECIDABLE


def test_a_reference_is_loaded_once(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    def counted(file: Path, bindings: Bindings) -> object:
        loads.append(file)
        return load(file, bindings)

    monkeypatch.setattr(reference, "load", counted)
    limits = [Limit(key, "here", growth=0.0, reference=released) for key in EXACT]
    for _ in range(2):
        assert len(verdicts(FACTS, limits, None, Bindings())) == len(EXACT)
    assert loads == [released]
    smaller = Net(3, 32).conv(8, name="a").relu()
    released.write_bytes(smaller.proto().SerializeToString())
    assert held(limits[0]).verdict is BROKEN
    assert loads == [released, released]


# ----------------------------------------------------------- which limits count


def test_the_last_limit_for_a_key_counts() -> None:
    limits = [
        Limit("max_latency_ms", "a", 5.0),
        Limit("max_macs", "b", 10**9),
        Limit("max_params", "c", 10**9),
        Limit("max_macs", "d", growth=0.05),
    ]
    counting = effective(limits)
    assert [limit.place for limit in counting] == ["c", "d", "a"]
    assert effective(counting) == counting
    assert [v.place for v in verdicts(FACTS, limits, None, Bindings())] == ["c", "d", "a"]


def test_costs_for_a_baseline() -> None:
    assert measures_of(FACTS) == EXACT
    unknown = NET.op("Det", name="odd").op("Relu").open_facts()
    assert measures_of(unknown) == {
        key: EXACT[key] for key in ("max_params", "max_weight_bytes", "max_plain_run")
    }


def test_the_gate_judges_budgets() -> None:
    limit = Limit("max_macs", "here", growth=0.0)
    gate = Gate(limits=(limit,), baseline=KnownModel({"max_macs": 442_367}))
    (found,) = judge(FACTS, (), gate, (), Bindings()).budgets
    assert found.verdict is BROKEN
    assert judge(FACTS, (), Gate(), (), Bindings()).budgets == ()
