"""Which rules run is chosen on the command line: presets and selectors."""

from collections.abc import Callable
from pathlib import Path

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]


def model(folder: Path) -> Path:
    """Write a network of which K107 is a note."""
    net = Net(3, 32).conv(256, name="a").relu().conv(256, name="b").relu().gap().flatten()
    path = folder / "model.onnx"
    path.write_bytes(net.dense(10).proto().SerializeToString())
    return path


def test_a_preset_makes_findings_louder(run: Run, tmp_path: Path) -> None:
    path = model(tmp_path)
    code, out, _ = run("check", path, "--select", "K107")
    assert (code, "note[K107]" in out) == (0, True)
    for preset in ("seed", "strict"):
        code, out, _ = run("check", path, "--select", "K107", "--preset", preset)
        assert (code, "warning[K107]" in out) == (1, True)


def test_unknown_preset(run: Run, tmp_path: Path) -> None:
    code, _, err = run("check", model(tmp_path), "--preset", "quiet")
    assert code == 2
    assert "strict" in err


def test_extend_select(run: Run, tmp_path: Path) -> None:
    path = model(tmp_path)
    assert "[K107]" not in run("check", path, "--select", "P")[1]
    assert "[K107]" in run("check", path, "--select", "P", "--extend-select", "K107")[1]
    code, _, err = run("check", path, "--extend-select", "K1O7")
    assert (code, "did you mean K107?" in err) == (2, True)


def test_options_of_rules(run: Run, tmp_path: Path) -> None:
    path = model(tmp_path)
    budget = ("check", path, "--select", "W809", "--config")
    assert run(*budget, "rules.W809.max_params=10_000_000")[0] == 0
    code, out, _ = run(*budget, "rules.over-budget.max_params=1000")
    assert (code, "error[W809]" in out) == (1, True)
    code, out, err = run(*budget, "rules.W809.max_parms=1000")
    assert (code, out) == (2, "")
    assert "did you mean max_params?" in err


def test_options_reach_why(run: Run, tmp_path: Path) -> None:
    why = ("why", model(tmp_path), "b", "K107")
    assert "reports a note" in run(*why)[1]
    assert "fewer than 512" in run(*why, "--config", "rules.K107.min_cin=512")[1]


def test_select_means_only_these_with_a_preset_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(Net(3, 64).conv(64, 7, stride=2).proto().SerializeToString())
    assert "[K104]" not in run("check", path)[1]
    assert "[K104]" in run("check", path, "--preset", "accuracy")[1]
    assert "[K104]" not in run("check", path, "--preset", "accuracy", "--select", "P")[1]
    given = ("--preset", "accuracy", "--select", "P", "--extend-select", "K104")
    assert "[K104]" in run("check", path, *given)[1]
