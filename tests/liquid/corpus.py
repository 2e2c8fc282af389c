"""The corpus: templates over one set of variables, and what each engine renders of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from engines import Case, Outputs

FILE = Path(__file__).with_name("corpus.json")


class Recorded(NamedTuple):
    """A template, what each engine rendered, and the names of the differences that are in it."""

    case: Case
    outputs: Outputs
    differs: tuple[str, ...] = ()


def _read(row: dict[str, Any], variables: dict[str, Any]) -> Recorded:
    ours = row["to11"]
    outputs = Outputs(ours, row.get("ruby", ours), row.get("liquidjs", ours))
    return Recorded(Case(row["template"], variables, row.get("strict", False)), outputs, tuple(row.get("differs", ())))


def _written(recorded: Recorded) -> dict[str, Any]:
    case, outputs = recorded.case, recorded.outputs
    strict = {"strict": True} if case.strict else {}
    foreign = {name: text for name, text in outputs._asdict().items() if text != outputs.to11}
    differs = {"differs": recorded.differs} if recorded.differs else {}
    return {"template": case.template, **strict, "to11": outputs.to11, **foreign, **differs}


def read() -> list[Recorded]:
    whole = json.loads(FILE.read_text(encoding="utf-8"))
    return [_read(row, whole["variables"]) for row in whole["cases"]]


def write(cases: list[Recorded]) -> None:
    variables = json.dumps(cases[0].case.variables, ensure_ascii=False)
    rows = ",\n".join(json.dumps(_written(each), ensure_ascii=False) for each in cases)
    FILE.write_text(f'{{"variables":\n{variables},\n"cases": [\n{rows}\n]}}\n', encoding="utf-8")


CASES = read()
