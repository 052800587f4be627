"""Rows from Excel workbooks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr

from ...errors import Mistake, Problem, did_you_mean, listed
from ...own import first_line
from .. import paths
from ..column import AnyColumn
from ..drivers import driver
from ..source import Source
from ..storage import Remote
from ..stores.fault import fault

if TYPE_CHECKING:
    import polars as pl


class Excel(Source):
    """Rows from a sheet of a workbook: xlsx, xlsm, xlsb, xls or ods. It needs the extra "excel".

    A sheet is read whole. What a cell shows does not count, only what it holds; of a formula, its last result.
    """

    kind: Literal["excel"]
    path: paths.Paths
    """The file, or a pattern as reports/*.xlsx; or several by the part their rows belong to, {train: a.xlsx, test: b.xlsx}.
    Here, or in an object store: s3://lake/reports/*.xlsx."""
    part: Annotated[StrictStr, Field(min_length=1)] = "part"
    """With several files: the name of the added column that says which one a row came from."""
    sheet: StrictStr | Annotated[StrictInt, Field(ge=1)] = 1
    """The name of the sheet, or its number from 1."""
    header: Annotated[StrictInt, Field(ge=1)] = 1
    """The number of the row that names the columns, from 1; what stands above it is no data."""
    missing: list[StrictStr] = [""]
    """What is written where a value is missing, besides an empty cell."""

    def columns(self, root: Path) -> list[str]:
        """The names in the row `header`; a column without a name is "".

        Raises Mistake when a workbook or the sheet cannot be opened, or the row names a column twice.
        """
        return paths.common_columns(paths.located(self.path, root), self.part, self._names)

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns in the types of their cells; as text where these differ.

        Raises Mistake when a workbook or the sheet cannot be opened.
        """
        return paths.stacked(paths.located(self.path, root), self.part, wanted, lambda it: self._rows(it, [*wanted]))

    def adds(self) -> dict[str, AnyColumn]:
        """The column that tells several files apart."""
        return paths.part_column(self.path, self.part)

    def files(self, root: Path) -> list[Path]:
        """The files, sorted."""
        return paths.files(self.path, root)

    def objects(self, root: Path) -> list[Remote]:
        """The files in an object store."""
        return paths.objects(self.path, root)

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a workbook; moments as text, since Excel keeps only milliseconds and no zone."""
        import polars.selectors as cs

        text = cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
        frame.with_columns(text).write_excel(folder / "example.xlsx", autofilter=False)
        return {"kind": "excel", "path": "example.xlsx"}

    def _names(self, found: paths.Found) -> list[str]:
        workbook = _opened(found)
        rows = self._sheet(found, workbook, header_row=None, n_rows=1, dtypes="string", skip_rows=self.header - 1)
        if rows.height == 0:
            what = f"{found.file.name} has nothing in row {self.header} of the sheet {self.sheet}."
            raise Mistake(Problem(what, ("header",)))
        names = ["" if name is None else str(name).strip() for name in rows.row(0)]
        while names and not names[-1]:
            names.pop()
        twice = [name for name, times in Counter(names).items() if times > 1 and name]
        if twice:
            quoted = listed((f'"{name}"' for name in twice), "and")
            what = f"{found.file.name}: row {self.header} names {quoted} more than once."
            raise Mistake(Problem(what, ("header",), hint="Rename them in the workbook."))
        return names

    def _rows(self, found: paths.Found, wanted: list[str]) -> pl.LazyFrame:
        import polars as pl

        names = self._names(found)
        # names may be blank, positions never are
        positions = [i for i, name in enumerate(names) if name in wanted]
        rows = self._sheet(
            found,
            _opened(found),
            header_row=None,
            skip_rows=self.header,
            use_columns=positions,
            schema_sample_rows=None,
            dtype_coercion="coerce",
        )
        rows.columns = [names[i] for i in positions]
        rows = rows.filter(~pl.all_horizontal(pl.all().is_null()))
        text = [name for name, stored in rows.schema.items() if stored == pl.String]
        values = [pl.when(pl.col(name).is_in(self.missing).not_()).then(pl.col(name)).alias(name) for name in text]
        return rows.lazy().with_columns(values if self.missing else [])

    def _sheet(self, found: paths.Found, workbook: Any, **how: Any) -> pl.DataFrame:
        fastexcel = driver("fastexcel", "excel")
        sheets = workbook.sheet_names
        here = self.sheet in sheets if isinstance(self.sheet, str) else self.sheet <= len(sheets)
        if not here:
            what = f"{found.file.name} has no sheet {self.sheet!r}; its sheets are {listed(sheets, 'and')}."
            raise Mistake(Problem(what, ("sheet",), hint=did_you_mean(self.sheet, sheets, otherwise=" ")))
        chosen = self.sheet if isinstance(self.sheet, str) else self.sheet - 1
        try:
            return workbook.load_sheet(chosen, **how).to_polars()  # type: ignore[no-any-return]
        except fastexcel.InvalidParametersError:  # more rows are skipped than there are
            what = f"{found.file.name} has nothing in row {self.header} of the sheet {self.sheet}, or below it."
            raise Mistake(Problem(what, ("header",))) from None
        except fastexcel.FastExcelError as error:
            raise _fault(found, error) from None


def _opened(found: paths.Found) -> Any:
    fastexcel = driver("fastexcel", "excel")
    try:
        with found.file.open("rb") as file:
            return fastexcel.read_excel(file.read())
    except OSError as error:
        if isinstance(found.file, Remote):
            raise Mistake(fault(found.file.url, error, paths.where(found.part))) from None
        raise _fault(found, error) from None
    except fastexcel.FastExcelError as error:
        raise _fault(found, error) from None


def _fault(found: paths.Found, error: Exception) -> Mistake:
    what = f"{found.file.name} cannot be read as a workbook: {first_line(error).rstrip('.')}."
    return Mistake(Problem(what, paths.where(found.part), hint="Is it whole? Does Excel open it without a password?"))
