"""The training loop: order, resumption, checkpoints."""

from __future__ import annotations

import json
import os
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
from fpverify.training.prefetch import AHEAD, prefetched  # noqa: E402
from fpverify.training.recipe import StageRecipe  # noqa: E402

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


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_killed_training_ends_with_the_weights_of_an_undisturbed_one(tmp_path: Path, optimizer: str) -> None:
    straight = training(tmp_path / "straight", optimizer=optimizer).run(progress=False)
    with pytest.raises(Killed):
        training(tmp_path / "killed", batch_that_kills, optimizer).run(progress=False)
    resumed = training(tmp_path / "killed", optimizer=optimizer).run(progress=False)
    for left, right in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_finished_training_has_nothing_left_to_do(tmp_path: Path) -> None:
    weights = training(tmp_path).run(progress=False).get_weights()
    again = training(tmp_path, batch_that_kills).run(progress=False).get_weights()
    for left, right in zip(weights, again, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_log_has_a_line_for_each_checkpoint_and_the_validations(tmp_path: Path) -> None:
    training(tmp_path, validate=lambda _: {"eer": 0.25}).run(progress=False)
    logged = rows(tmp_path)
    assert [row["step"] for row in logged] == [20, 40, 60, 80, 100]
    assert logged[-1]["eer"] == 0.25
    assert logged[-1]["loss"] < logged[0]["loss"]


def test_a_training_killed_by_the_system_ends_with_the_weights_of_an_undisturbed_one(tmp_path: Path) -> None:
    straight = training(tmp_path / "straight").run(progress=False)
    killed = training(tmp_path / "killed")
    command = [sys.executable, "-c", KILLED.format(tests=str(Path(__file__).parent), folder=str(killed.folder))]
    with subprocess.Popen(command) as process:
        wait_until(killed.checkpoint.exists)
        process.kill()
    resumed = killed.run(progress=False)
    for left, right in zip(straight.get_weights(), resumed.get_weights(), strict=True):
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


def square(number: int) -> int:
    time.sleep(0.01 * (number % 3))
    return number * number


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_for_any_number_of_workers(workers: int) -> None:
    assert list(prefetched(square, range(12), workers=workers)) == [n * n for n in range(12)]


def test_no_more_is_made_ahead_than_the_workers_have_in_hand() -> None:
    asked: list[int] = []

    def numbers():
        for number in range(100):
            asked.append(number)
            yield number

    source = prefetched(square, numbers(), workers=2)
    next(source)
    assert len(asked) == 2 * AHEAD + 1
    source.close()


def test_workers_need_no_keras() -> None:
    rooms = "batches, prefetch, stripe_batches"
    code = f"import sys; from fpverify.training import {rooms}; print({{'keras', 'tensorflow'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys\n"
        "from fpverify.training.prefetch import prefetched\n"
        "def pid(_): return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    source = prefetched(pid, range(10**6), workers=1)\n"
        "    print(next(source), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]:
            return
        time.sleep(0.1)
    os.kill(worker, 9)
    pytest.fail("the worker outlived its parent")


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
