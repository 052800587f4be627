"""A data set goes out as a contract of the standard and comes back the same; what of others' contracts is not kept is said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from overture.generator.odcs.exported import exported
from overture.generator.odcs.imported import imported
from overture.generator.odcs.written import written
from overture.runtime.config.load import load
from overture.runtime.data.dataset import Dataset
from overture.runtime.errors import Mistake

WHOLE: dict[str, Any] = {
    "description": 'One row per customer: "as is".',
    "owner": "crm-team",
    "sources": {
        "customers": {"kind": "csv", "path": "data/customers.csv", "delimiter": ";", "missing": ["", "NA"]},
        "plans": {"kind": "sql", "connection_env": "CRM_DATABASE", "query": "select * from plans"},
    },
    "base": "customers",
    "joins": [{"source": "plans", "by": {"plan": "code"}, "how": "inner"}],
    "key": "customer",
    "time": "signup",
    "timezone": "Europe/Berlin",
    "columns": {
        "customer": {"type": "integer", "min": 1},
        "signup": {"type": "timestamp", "min": "2020-01-01T00:00:00Z"},
        "day": {"type": "date", "max": "2030-12-31", "nullable": True},
        "paid": {"type": "number", "min": 0, "max": 99.5, "warn": ["max"], "description": "in euros"},
        "plan": {"type": "category", "values": ["Month-to-month", "No", "yes"]},
        "code": {"type": "category", "values": [1, 2, 3], "personal": True},
        "shop": {"type": "category", "pattern": "[A-Z]{2}[0-9]+", "example": "AB12"},
        "notes": {"type": "text", "nullable": True},
        "new: one": {"type": "boolean"},
        "left": {"type": "category", "values": ["no", "yes"]},
    },
    "derive": {"double": "paid * 2"},
    "ignore": ["phone"],
    "checks": {
        "rows": {"min": 1000, "max": 5000, "severity": "warn"},
        "unique": ["shop", {"columns": ["customer", "signup"]}, {"columns": ["notes"], "severity": "warn"}],
        "fresh": {"column": "signup", "max_age": "7d", "severity": "warn"},
        "expressions": {"cheap": "paid < 50", "kept": {"that": "paid >= 0 OR plan = 'No'", "severity": "warn"}},
        "references": [{"by": {"plan": "code"}, "source": "plans"}],
        "previous": {"rows": 0.2},
        "on_breach": "quarantine",
    },
    "unknown_category": "missing",
    "content": True,
}
FOREIGN = """\
version: 2.1.0
kind: DataContract
apiVersion: v3.0.2
id: 53581432-6c55-4ba2-a65f-72344a91553a
name: seller_payments
status: active
domain: seller
tenant: ClimateQuantum
contractCreatedTs: 2022-11-15T02:59:43+00:00
description: {purpose: Views built on top of the seller tables., limitations: Data based on seller perspective.}
servers:
  - {server: my-postgres, type: postgres, host: localhost, port: 5432, database: pypl, schema: pp_access}
schema:
  - name: tbl
    physicalName: tbl_1
    physicalType: table
    description: Provides core payment metrics.
    businessName: Core Payment Metrics
    properties:
      - {name: txn_ref_dt, logicalType: date, required: true, partitioned: true, description: Reference date}
      - {name: rcvr_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1, required: true, classification: restricted}
      - {name: rcvr_cntry_code, logicalType: string, unique: true, nonsense: 5,
         logicalTypeOptions: {minLength: 2, pattern: "^[A-Z]+$"}, examples: [DE], classification: PII,
         quality: [{metric: nullValues, mustBe: 0, type: library}, {type: text, description: is a country}]}
      - {name: amount, logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0, multipleOf: 5}}
      - {name: odd, logicalType: string, logicalTypeOptions: {pattern: "(?=x)y"}, examples: [y]}
      - {name: lines, logicalType: array, items: {logicalType: string}}
    quality:
      - {metric: rowCount, mustBeGreaterThan: 99, type: library, severity: warning}
      - {metric: rowCount, mustBeGreaterThan: 1, unit: percent, type: library}
      - {type: sql, name: own, query: "SELECT count(*) FROM tbl", mustBeGreaterThan: 5}
team: [{username: ceastwood, role: Data Scientist}, {username: mhopper}]
price: {priceAmount: 9.95}
slaProperties:
  - {property: latency, value: 4, unit: d, element: tbl.txn_ref_dt}
  - {property: availability, value: 99}
"""


def dumped(dataset: Dataset) -> dict[str, Any]:
    return dataset.model_dump(mode="json", by_alias=True)


def test_a_whole_data_set_goes_out_and_comes_back_the_same() -> None:
    dataset = Dataset.model_validate(WHOLE)
    text, notes = exported(dataset, "customers")

    schema = json.loads((resources.files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    jsonschema.validate(yaml.safe_load(text), schema)
    back = imported(text, "customers.yaml")
    again = Dataset.model_validate(yaml.safe_load(written(back.content)))

    expected = dumped(dataset)
    expected["checks"]["unique"] = [["customer", "signup"], {"columns": ["notes"], "severity": "warn"}, "shop"]
    found = dumped(again)
    found["checks"]["unique"] = sorted(found["checks"]["unique"], key=str)
    assert found == expected | {
        "checks": {**expected["checks"], "unique": sorted(expected["checks"]["unique"], key=str)}
    }
    assert list(again.columns) == list(dataset.columns)
    assert back.notes == []
    assert notes[0].endswith(
        "sources, base, joins, time, timezone, derive, ignore, unknown_category, content, "
        "checks.references, checks.previous, checks.on_breach"
    )


def test_the_words_of_the_standard_are_used_where_it_has_any() -> None:
    made = yaml.safe_load(exported(Dataset.model_validate(WHOLE), "customers")[0])

    (table,) = made["schema"]
    columns = {it["name"]: it for it in table["properties"]}
    assert (made["team"], made["description"]) == ({"name": "crm-team"}, {"purpose": WHOLE["description"]})
    assert columns["customer"]["primaryKey"]
    assert columns["shop"]["unique"]
    assert [it["value"] for it in columns["plan"]["enum"]] == ["Month-to-month", "No", "yes"]
    assert columns["paid"]["logicalTypeOptions"] == {"minimum": 0, "maximum": 99.5}
    assert columns["day"]["required"] is False
    assert table["quality"][0]["mustBeBetween"] == [1000, 5000]
    assert made["slaProperties"][0]["element"] == "customers.signup"


def test_of_a_foreign_contract_everything_is_kept_or_said() -> None:
    found = imported(FOREIGN, "seller.yaml")
    dataset = Dataset.model_validate(yaml.safe_load(written(found.content)))

    assert found.name == "tbl"
    assert dataset.owner == "ceastwood, mhopper"
    source = {"kind": "sql", "connection_env": "MY_POSTGRES_DATABASE", "table": "pp_access.tbl_1"}
    assert dumped(dataset)["sources"]["tbl"].items() >= source.items()
    assert dataset.key == "rcvr_id"
    columns = {name: it.model_dump(mode="json", exclude_defaults=True) for name, it in dataset.columns.items()}
    assert columns == {
        "txn_ref_dt": {"type": "date", "description": "Reference date"},
        "rcvr_id": {"type": "category"},
        "rcvr_cntry_code": {"type": "category", "personal": True, "pattern": "^[A-Z]+$", "example": "DE"},
        "amount": {"type": "integer", "nullable": True, "min": 1},
        "odd": {"type": "category", "nullable": True, "example": "y"},
    }
    assert dataset.ignore == ["lines"]
    checks = dataset.checks
    assert (checks.rows.min, checks.rows.severity, checks.unique) == (100, "warn", ["rcvr_cntry_code"])
    assert (checks.fresh.column, checks.fresh.max_age) == ("txn_ref_dt", "4d")
    said = "\n".join(found.notes)
    for word in (
        "nonsense: the standard has no such key",
        "version: 2.1.0",
        "domain: seller",
        "tenant: ClimateQuantum",
        "contractCreatedTs",
        "price",
        "description.limitations",
        "servers.my-postgres.host: localhost",
        "servers.my-postgres.port",
        "servers.my-postgres.database",
        "schema.businessName",
        "columns.txn_ref_dt: partitioned",
        "columns.rcvr_id: classification: restricted",
        "columns.rcvr_cntry_code: minLength: 2",
        "columns.amount: multipleOf: 5",
        "columns.odd: pattern",
        "columns.lines: of type array",
        "quality of rcvr_cntry_code: is a country",
        "quality: rowCount",
        "quality: own",
        "slaProperties.availability: 99",
        "role: Data Scientist",
    ):
        assert word in said, word


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "is no YAML"),
        ("columns: {}\n", "is no contract of the Open Data Contract Standard"),
        (FOREIGN.replace("v3.0.2", "v2.2.0"), "versions v3 can be read"),
        (FOREIGN.replace("domain: seller", "domain: [seller]\nxyz: 1"), r"(?s)domain: .*xyz: "),
        (FOREIGN.replace("name: tbl\n", "name: tbl\n  - name: other\n"), "Choose one: --object tbl"),
    ],
)
def test_what_is_no_contract_is_told(text: str, told: str) -> None:
    with pytest.raises(Mistake, match=told):
        imported(text, "seller.yaml")


def test_a_contract_reads_no_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Dataset.model_validate({**WHOLE, "description": "${oc.env:SECRET}"})
    monkeypatch.setenv("SECRET", "hunter2")
    from omegaconf import OmegaConf

    made = OmegaConf.create(written(imported(exported(dataset, "a")[0], "a").content))

    assert made.description == "${oc.env:SECRET}"


def test_commands_write_read_and_write_over_nothing(
    make_project: Callable[..., Path], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = make_project()

    out = overture("contract", "export", "-o", "people.odcs.yaml", cwd=root)
    there = overture("contract", "import", "people.odcs.yaml", cwd=root)
    new = overture("contract", "import", "people.odcs.yaml", "--name", "persons", "--json", cwd=root)
    over = overture("contract", "import", "people.odcs.yaml", "--force", cwd=root)

    assert (out.returncode, "custom properties" in out.stderr) == (0, True), out.stderr
    assert there.returncode == 2
    assert "conf/data/people.yaml is there already. Choose another name with --name" in there.stderr
    assert json.loads(new.stdout) == {"file": "conf/data/persons.yaml", "columns": 5, "not_kept": []}
    assert over.returncode == 0
    assert dumped(load(root, ["data=persons"]).spec.data) == dumped(load(root).spec.data)
    assert overture("check", "data=persons", cwd=root).returncode == 0


def test_a_missing_extra_says_what_to_type(make_project: Callable[..., Path]) -> None:
    code = (
        "import sys; sys.modules['open_data_contract_standard'] = None\n"
        "from overture.generator.cli import run; raise SystemExit(run(['contract', 'export']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=make_project(), capture_output=True, text=True)

    assert done.returncode == 2
    assert 'Run: pip install "overture[odcs]"' in done.stderr
