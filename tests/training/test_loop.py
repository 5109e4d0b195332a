"""The training loop: order, resumption, checkpoints."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.errors import ModelError, RecipeError  # noqa: E402
from fpverify.training.loop import Schedule, Training  # noqa: E402
from fpverify.training.muon import Muon  # noqa: E402
from fpverify.training.recipe import StageRecipe  # noqa: E402

Weights = list[np.ndarray]

KILLED = (
    "import sys; sys.path.insert(0, {tests!r}); from pathlib import Path; import test_loop as made; "
    "made.training(Path({folder!r}), made.slow_batch).run(progress=False)"
)


class Killed(Exception):  # noqa: N818 - stands in for a signal
    """The process was stopped."""


def batch(index: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(index)
    x = rng.normal(size=(16, 4)).astype(np.float32)
    return x, x.sum(1, keepdims=True)


def batch_that_kills(index: int) -> tuple[np.ndarray, np.ndarray]:
    if index == 57:
        raise Killed
    return batch(index)


def batch_that_spoils(index: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = batch(index)
    return (x, y * np.nan) if index == 57 else (x, y)


def slow_batch(index: int) -> tuple[np.ndarray, np.ndarray]:
    time.sleep(0.1)
    return batch(index)


def squared_error(truth: object, answer: object) -> object:
    return keras.ops.mean((truth - answer) ** 2)


def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    layers = [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Dense(1)])


def training(folder: Path, source: object = batch, optimizer: str = "adamw", **rest: object) -> Training:
    schedule = Schedule(100, optimizer, checkpoint_every=20)
    return Training(network(), source, squared_error, schedule, folder, workers=0, **rest)


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def wait_until(happened: Callable[[], bool], seconds: float = 120) -> None:
    for _ in range(int(seconds / 0.05)):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("it never happened")


@pytest.fixture(scope="module", params=["adamw", "muon"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Weights]:
    """The optimizer, folder and weights of a training from its beginning to its end."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, training(folder, optimizer=request.param).run(progress=False).get_weights()


def test_a_killed_training_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, undisturbed: tuple[str, Path, Weights]
) -> None:
    optimizer, _, weights = undisturbed
    with pytest.raises(Killed):
        training(tmp_path / "killed", batch_that_kills, optimizer).run(progress=False)
    resumed = training(tmp_path / "killed", optimizer=optimizer).run(progress=False)
    for left, right in zip(weights, resumed.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("undisturbed", ["adamw"], indirect=True)
def test_a_finished_training_has_nothing_left_to_do(undisturbed: tuple[str, Path, Weights]) -> None:
    _, folder, weights = undisturbed
    again = training(folder, batch_that_kills).run(progress=False).get_weights()
    for left, right in zip(weights, again, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_log_has_a_line_for_each_checkpoint_and_the_validations(tmp_path: Path) -> None:
    training(tmp_path, validate=lambda _: {"eer": 0.25}).run(progress=False)
    logged = rows(tmp_path)
    assert [row["step"] for row in logged] == [20, 40, 60, 80, 100]
    assert logged[-1]["eer"] == 0.25
    assert logged[-1]["loss"] < logged[0]["loss"]


@pytest.mark.slow
@pytest.mark.parametrize("undisturbed", ["adamw"], indirect=True)
def test_a_training_killed_by_the_system_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, undisturbed: tuple[str, Path, Weights]
) -> None:
    killed = training(tmp_path / "killed")
    command = [sys.executable, "-c", KILLED.format(tests=str(Path(__file__).parent), folder=str(killed.folder))]
    with subprocess.Popen(command) as process:
        wait_until(killed.checkpoint.exists)
        process.kill()
    resumed = killed.run(progress=False)
    for left, right in zip(undisturbed[2], resumed.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)
    assert [row["step"] for row in rows(killed.folder)] == [20, 40, 60, 80, 100]


def test_rows_that_no_checkpoint_stands_behind_are_logged_anew(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        training(tmp_path, batch_that_kills).run(progress=False)
    log = tmp_path / "log.jsonl"
    log.write_text(log.read_text() + '{"step": 60, "loss": 9.0}\n{"step": 8')
    training(tmp_path).run(progress=False)
    assert [row["step"] for row in rows(tmp_path)] == [20, 40, 60, 80, 100]
    assert max(row["loss"] for row in rows(tmp_path)[2:]) < 9


def test_a_folder_trained_by_another_recipe_is_refused(tmp_path: Path) -> None:
    weights = training(tmp_path, recipe={"seed": 1, "sizes": (3, 4)}).run(progress=False).get_weights()
    again = training(tmp_path, recipe={"sizes": (3, 4), "seed": 1}).run(progress=False).get_weights()
    np.testing.assert_array_equal(weights[0], again[0])
    with pytest.raises(RecipeError, match="another recipe"):
        training(tmp_path, recipe={"seed": 2, "sizes": (3, 4)}).run(progress=False)


def test_a_loss_that_is_no_number_ends_the_training_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="loss is nan at step 60"):
        training(tmp_path, batch_that_spoils).run(progress=False)
    assert [row["step"] for row in rows(tmp_path)] == [20, 40]
    resumed = training(tmp_path).run(progress=False)
    assert all(np.isfinite(part).all() for part in resumed.get_weights())


def test_a_validation_is_given_a_function_of_arrays(tmp_path: Path) -> None:
    answers: list[object] = []

    def validate(network: Callable[..., object]) -> dict[str, float]:
        answers.append(network(batch(0)[0]))
        return {}

    trained = training(tmp_path, validate=validate).run(progress=False)
    assert all(isinstance(answer, np.ndarray) for answer in answers)
    np.testing.assert_allclose(answers[-1], trained.predict_on_batch(batch(0)[0]), atol=1e-6)


@pytest.mark.parametrize(("name", "kind"), [("adamw", keras.optimizers.AdamW), ("muon", Muon)])
def test_a_recipe_says_which_optimizer_a_round_has(name: str, kind: type) -> None:
    optimizer = StageRecipe(steps=1, optimizer=name, weight_decay=0.5).schedule().fresh_optimizer()
    assert type(optimizer) is kind
    assert optimizer.weight_decay == 0.5


def test_the_learning_rate_rises_then_falls_to_a_fiftieth() -> None:
    schedule = Schedule(1000, learning_rate=1e-2)
    rate = schedule.fresh_optimizer()._learning_rate
    assert float(rate(0)) < 1e-3
    assert float(rate(50)) == pytest.approx(1e-2, rel=1e-3)
    assert float(rate(1000)) == pytest.approx(2e-4, rel=1e-2)


def test_a_held_rate_stays_and_then_falls_to_nothing() -> None:
    optimizer = StageRecipe(steps=1000, learning_rate=1e-2, held=0.6).schedule().fresh_optimizer()
    rate = optimizer._learning_rate
    assert [float(rate(step)) for step in (50, 300, 600)] == pytest.approx([1e-2] * 3)
    assert float(rate(0)) < 1e-3
    assert [float(rate(step)) for step in (700, 900, 1000)] == pytest.approx([7.5e-3, 2.5e-3, 0], abs=1e-6)
    assert type(optimizer).from_config(optimizer.get_config())._learning_rate(800) == rate(800)


@pytest.mark.parametrize("held", [0.0, 1.0])
def test_a_rate_can_be_held_to_the_end_or_not_at_all(held: float) -> None:
    rate = Schedule(1000, learning_rate=1e-2, held=held).fresh_optimizer()._learning_rate
    assert (float(rate(998)) == pytest.approx(1e-2)) is (held == 1)


def test_a_training_is_finished_at_its_end_and_not_before(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        training(tmp_path, batch_that_kills).run(progress=False)
    with pytest.raises(RecipeError, match="to the end"):
        training(tmp_path).finished()
    weights = training(tmp_path).run(progress=False).get_weights()
    for left, right in zip(weights, training(tmp_path).finished().get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    with pytest.raises(RecipeError, match="another recipe"):
        training(tmp_path, recipe={"seed": 2}).finished()
