"""Finds the demonstration application among the examples, wherever Offhook is installed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import offhook

DEMO = Path("sales_menu") / "app.py"


def examples_folder() -> Path:
    """Where the examples lie: beside the package when installed, beside `src` in a checkout."""
    package = Path(offhook.__file__).parent
    installed = package / "_examples"
    return installed if installed.is_dir() else package.parents[1] / "examples"


def load_demo() -> Callable[..., Any]:
    """The ASGI application of the demonstration."""
    path = examples_folder() / DEMO
    spec = importlib.util.spec_from_file_location("offhook_demo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app: Callable[..., Any] = module.app
    return app
