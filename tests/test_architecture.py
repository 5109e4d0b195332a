"""The rules of ARCHITECTURE.md, read off the source of every module.

A rule is a function from sources to complaints. Each is tried on a small wrong example first, so that it can fail.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import fpverify

Sources = dict[str, str]  # module name -> source

PACKAGE = Path(fpverify.__file__).parent

ROWS = (  # from the bottom; a room imports only from rows below its own
    ("errors", "log", "deprecation"),
    ("vocabulary", "extras"),
    ("settings", "folders", "executors"),
    ("formats",),
    ("scans", "features", "comparison", "models", "store", "synthesis", "networks"),
    ("matching", "readers", "hands"),
    ("search",),
    ("explanation", "enrollment"),
    ("evaluation",),
    ("single_templates", "checkup", "measurement"),
    ("answers", "client", "conversion", "image_conversion", "verifier", "scans_alone", "training", "lab", "testing"),
    ("service",),
    ("",),  # `import fpverify`: the public names
    ("cli",),
    ("__main__",),
)
ROW = {room: row for row, rooms in enumerate(ROWS) for room in rooms}

TRAINING_LIBRARIES = {"keras", "tensorflow", "tf_keras", "jax", "torch"}
TRAINING_ROOMS = {"networks", "training", "lab"}
SLOW_LIBRARIES = {
    "sklearn",
    "skimage",
    "matplotlib",
    "sqlalchemy",
    "alembic",
    "scipy",
    "pandas",
    "faiss",
} | TRAINING_LIBRARIES
VERIFY_PATH = {
    *("", "cli", "verifier", "settings", "folders", "matching", "search"),
    *("scans", "features", "comparison", "models", "store"),
}
DECIDING_ROOMS = {"verifier", "service", "matching", "search", "enrollment", "explanation", "single_templates"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
SAFE_LOADERS = {"SafeLoader", "CSafeLoader"}
DISK_CALLS = {
    *("read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "rmtree", "touch"),
    *("imread", "imwrite", "save", "savez", "savez_compressed", "savetxt", "loadtxt", "fromfile", "tofile", "memmap"),
}
DISKLESS_ROOMS = {"errors", "vocabulary", "features", "comparison", "networks"}


# --- reading sources ------------------------------------------------------------------------------------------------


def package_sources() -> Sources:
    return {module_name(path): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


def module_name(path: Path) -> str:
    parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return "".join(module.split(".")[1:2])


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements_run_on_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything outside function bodies and `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if is_type_checking(node):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from statements_run_on_import(node)


def imported(module: str, sources: Sources, *, on_import: bool = False) -> set[str]:
    """Dotted names that a module imports; `from a import b` gives `a.b` where that is a module, else `a`."""
    tree = ast.parse(sources[module])
    names: set[str] = set()
    for node in statements_run_on_import(tree) if on_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node, sources)
            names |= {f"{base}.{a.name}" if f"{base}.{a.name}" in sources else base for a in node.names}
    return names


def absolute(module: str, node: ast.ImportFrom, sources: Sources) -> str:
    if not node.level:
        return node.module or ""
    is_package = any(other.startswith(module + ".") for other in sources)
    parents = module.split(".") + ["__init__"] * is_package
    return ".".join([*parents[: -node.level], *([node.module] if node.module else [])])


def own_imports(module: str, sources: Sources, *, on_import: bool = False) -> set[str]:
    return {name for name in imported(module, sources, on_import=on_import) if name.split(".")[0] == "fpverify"} - {
        module
    }


def libraries(module: str, sources: Sources, *, on_import: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imported(module, sources, on_import=on_import)}


# --- the rules ------------------------------------------------------------------------------------------------------


def imports_that_do_not_go_down(sources: Sources) -> list[str]:
    complaints = [f"{module} is in no row" for module in sources if room(module) not in ROW]
    for module in sources:
        for name in own_imports(module, sources):
            here, there = room(module), room(name)
            if here != there and ROW.get(there, len(ROWS)) >= ROW.get(here, -1):
                complaints.append(f"{module} imports {name}")
    return complaints


def import_cycles(sources: Sources) -> list[str]:
    graph = {module: own_imports(module, sources) & set(sources) for module in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def training_libraries_outside_training(sources: Sources) -> list[str]:
    return [
        f"{module} imports {library}"
        for module in sources
        if room(module) not in TRAINING_ROOMS
        for library in libraries(module, sources) & TRAINING_LIBRARIES
    ]


def slow_libraries_on_the_verify_path(sources: Sources) -> list[str]:
    return [
        f"{module} imports {library} at module level"
        for module in loaded_with({m for m in sources if room(m) in VERIFY_PATH}, sources)
        for library in libraries(module, sources, on_import=True) & SLOW_LIBRARIES
    ]


def measuring_on_the_way_of_a_decision(sources: Sources) -> list[str]:
    """`Verifier.evaluate` fetches `evaluation` when it is called; nothing else that decides knows of it."""
    deciding = {module for module in sources if room(module) in DECIDING_ROOMS}
    loaded = [f"{module} is loaded" for module in loaded_with(deciding, sources) if room(module) == "evaluation"]
    fetched = [
        f"{module} imports {name}"
        for module in deciding
        if room(module) != "verifier"
        for name in own_imports(module, sources)
        if room(name) == "evaluation"
    ]
    return loaded + fetched


def loaded_with(modules: set[str], sources: Sources) -> set[str]:
    """These modules and all that their import imports, enclosing packages among them."""
    seen: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        seen.add(module)
        names = own_imports(module, sources, on_import=True)
        waiting |= ({part for name in names for part in enclosing(name)} & set(sources)) - seen
    return seen


def enclosing(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def code_from_data(sources: Sources) -> list[str]:
    """Whatever could run code that came with data: pickle, eval, exec, yaml.load without a safe loader."""
    complaints = []
    for module, text in sources.items():
        complaints += [f"{module} imports {name}" for name in libraries(module, sources) & UNSAFE_MODULES]
        complaints += [f"{module}: {ast.unparse(node)}" for node in ast.walk(ast.parse(text)) if is_unsafe(node)]
    return complaints


def is_unsafe(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called in {"eval", "exec", "__import__", "yaml.unsafe_load", "yaml.full_load", "builtins.eval", "builtins.exec"}:
        return True
    given = {word.arg: word.value for word in node.keywords}
    if called == "yaml.load":
        loader = given.get("Loader") or (node.args[1] if len(node.args) > 1 else ast.Constant(""))
        return ast.unparse(loader).split(".")[-1] not in SAFE_LOADERS
    allowed = given.get("allow_pickle", ast.Constant(False))
    return not (isinstance(allowed, ast.Constant) and allowed.value is False)


def changing_module_state(sources: Sources) -> list[str]:
    return [
        f"{module}: global {', '.join(node.names)}"
        for module, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Global)
    ]


def disk_in_pure_rooms(sources: Sources) -> list[str]:
    return [
        f"{module}: {ast.unparse(node)}"
        for module, text in sources.items()
        if room(module) in DISKLESS_ROOMS
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and touches_disk(node.func)
    ]


def touches_disk(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr in DISK_CALLS or ast.unparse(called) in {"np.load", "os.open", "io.open"}
    return isinstance(called, ast.Name) and called.id == "open"


Rule = Callable[[Sources], list[str]]

WRONG: list[tuple[Rule, Sources]] = [
    (imports_that_do_not_go_down, {"fpverify.store": "from fpverify.verifier import Verifier"}),
    (imports_that_do_not_go_down, {"fpverify.store.a": "from fpverify import verifier", "fpverify.verifier": ""}),
    (imports_that_do_not_go_down, {"fpverify.store.a": "def f():\n    from fpverify.scans import read_scan"}),
    (imports_that_do_not_go_down, {"fpverify.store.a": "from ..scans import b", "fpverify.scans.b": ""}),
    (imports_that_do_not_go_down, {"fpverify.vocabulary": "import fpverify.settings"}),
    (imports_that_do_not_go_down, {"fpverify.helpers": ""}),
    (imports_that_do_not_go_down, {"fpverify.verifier": "from fpverify import compare"}),
    (
        import_cycles,
        {"fpverify.a": "from fpverify import b", "fpverify.b": "def f():\n    from fpverify.a import c"},
    ),
    (import_cycles, {"fpverify.a": "from .b import c", "fpverify.b": "from . import a"}),
    (import_cycles, {"fpverify.a": "from fpverify.a.b import c", "fpverify.a.b": "from fpverify.a import d"}),
    (training_libraries_outside_training, {"fpverify.models.a": "def f():\n    import keras"}),
    (training_libraries_outside_training, {"fpverify.cli": "from tensorflow.lite import x"}),
    (slow_libraries_on_the_verify_path, {"fpverify.scans": "import sklearn.metrics"}),
    (slow_libraries_on_the_verify_path, {"fpverify.features.a": "try:\n    import skimage\nexcept ImportError: ..."}),
    (
        slow_libraries_on_the_verify_path,
        {
            "fpverify.cli": "from fpverify.evaluation.rates import eer",
            "fpverify.evaluation": "from fpverify.evaluation import rates, curves",
            "fpverify.evaluation.rates": "",
            "fpverify.evaluation.curves": "import matplotlib.pyplot",
        },
    ),
    (
        measuring_on_the_way_of_a_decision,
        {"fpverify.verifier": "from fpverify.store import x", "fpverify.store": "import fpverify.evaluation"}
        | {"fpverify.evaluation": ""},
    ),
    (measuring_on_the_way_of_a_decision, {"fpverify.service.a": "def f():\n    from fpverify.evaluation import b"}),
    (code_from_data, {"fpverify.a": "import pickle"}),
    (code_from_data, {"fpverify.a": "from joblib import load"}),
    (code_from_data, {"fpverify.a": "eval('1')"}),
    (code_from_data, {"fpverify.a": "yaml.load(text)"}),
    (code_from_data, {"fpverify.a": "yaml.load(text, Loader=yaml.Loader)"}),
    (code_from_data, {"fpverify.a": "yaml.full_load(text)"}),
    (code_from_data, {"fpverify.a": "np.load(path, allow_pickle=True)"}),
    (changing_module_state, {"fpverify.a": "def f():\n    global cache\n    cache = 1"}),
    (disk_in_pure_rooms, {"fpverify.features.a": "open('x')"}),
    (disk_in_pure_rooms, {"fpverify.comparison": "path.write_text('x')"}),
    (disk_in_pure_rooms, {"fpverify.features.a": "np.load(path)"}),
]

RIGHT: list[tuple[Rule, Sources]] = [
    (imports_that_do_not_go_down, {"fpverify.cli.a": "from fpverify import verifier", "fpverify.verifier": ""}),
    (imports_that_do_not_go_down, {"fpverify.store.a": "from . import b", "fpverify.store.b": "import os"}),
    (imports_that_do_not_go_down, {"fpverify": "from fpverify.verifier import Verifier", "fpverify.verifier": ""}),
    (
        import_cycles,
        {"fpverify.a": "from fpverify.a.b import c", "fpverify.a.b": "from fpverify.a import d_module"}
        | {"fpverify.a.d_module": ""},
    ),
    (training_libraries_outside_training, {"fpverify.training.a": "import keras"}),
    (slow_libraries_on_the_verify_path, {"fpverify.scans": "def f():\n    import skimage"}),
    (slow_libraries_on_the_verify_path, {"fpverify.cli": "if TYPE_CHECKING:\n    import matplotlib"}),
    (measuring_on_the_way_of_a_decision, {"fpverify.verifier": "def f():\n    import fpverify.evaluation"}),
    (slow_libraries_on_the_verify_path, {"fpverify.training": "import matplotlib"}),
    (
        code_from_data,
        {"fpverify.a": "yaml.safe_load(a), yaml.load(a, Loader=yaml.CSafeLoader), model.eval(), np.load(a)"},
    ),
    (disk_in_pure_rooms, {"fpverify.scans": "path.read_bytes()", "fpverify.features": "Store.open(x)"}),
]


def rule_names(cases: Iterable[tuple[Rule, Sources]]) -> list[str]:
    return [rule.__name__ for rule, _ in cases]


@pytest.mark.parametrize(("rule", "sources"), WRONG, ids=rule_names(WRONG))
def test_a_rule_sees_a_wrong_example(rule: Rule, sources: Sources) -> None:
    assert rule(sources)


@pytest.mark.parametrize(("rule", "sources"), RIGHT, ids=rule_names(RIGHT))
def test_a_rule_lets_a_right_example_pass(rule: Rule, sources: Sources) -> None:
    assert rule(sources) == []


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _ in WRONG))
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    sources = package_sources()
    assert len(sources) > 20
    assert rule(sources) == []


def test_importing_the_command_line_loads_nothing_slow() -> None:
    code = "import sys, fpverify, fpverify.cli; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "fpverify" in loaded
    assert SLOW_LIBRARIES.isdisjoint(loaded)
