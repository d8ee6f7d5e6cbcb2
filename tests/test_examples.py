"""What people try first: the example notebook, and the demo's order for it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import msgspec

from jupyter_mlops import sdk
from jupyter_mlops.domain.sweep import SweepRequest

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_example_keeps_no_outputs_and_says_what_each_parameter_is_for(configured: None) -> None:
    cells = json.loads((EXAMPLES / "digits.ipynb").read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    info = sdk.services().sweeps.inspect(str(EXAMPLES / "digits.ipynb"))
    assert {p.name: p.type for p in info.parameters} == {
        "C": "float",
        "gamma": "float",
        "kernel": "str",
        "test_size": "float",
    }
    assert all(p.help for p in info.parameters)
    assert info.metrics == ["accuracy", "train_accuracy"]


def test_the_demo_orders_what_the_example_offers(configured: None) -> None:
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    order = msgspec.convert({**demo.ORDER, "notebook": str(EXAMPLES / "digits.ipynb")}, SweepRequest)
    plan = sdk.services().sweeps.plan(order)
    assert (plan.trials, plan.problems) == (12, [])
