"""An explanation that shows and saves itself: what `fpverify.explain` hands out."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from fpverify.errors import FpverifyError, SettingsError
from fpverify.explanation import explanation
from fpverify.explanation.pair_picture import pair_png, write_picture
from fpverify.folders import private
from fpverify.vocabulary.tables import html_table

PICTURES = (".png", ".svg", ".pdf")


@dataclass(frozen=True, repr=False)
class Explanation(explanation.Explanation):
    """Why two scans match or do not; attributes as of `fpverify.explanation.explanation.Explanation`."""

    @classmethod
    def of(cls, explained: explanation.Explanation) -> Explanation:
        """The same, with pictures."""
        return cls(**{one.name: getattr(explained, one.name) for one in fields(explanation.Explanation)})

    def save(self, path: str | Path) -> None:
        """Writes the picture of both prints (.png, .svg, .pdf), or all numbers as plain values (.json).

        Raises:
            SettingsError: another ending.
            OSError: the file cannot be written.
        """
        suffix = Path(path).suffix.lower() if isinstance(path, str | Path) else ""
        if suffix not in (*PICTURES, ".json"):
            raise SettingsError(f"{path!s:.200}: a file ending in {', '.join((*PICTURES, '.json'))} was expected")
        if suffix == ".json":
            private(path).write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        else:
            write_picture(self, path)

    def _repr_png_(self) -> bytes | None:
        """Both prints with their partners; nothing where there is nothing to draw it with."""
        try:
            return pair_png(self)
        except (ImportError, FpverifyError):
            return None

    def _repr_html_(self) -> str:
        why = [("why" if k == 0 else "and", cause.sentence) for k, cause in enumerate(self.causes)]
        return html_table(self.verdict, [*why, *self.steps, ("model", self.point.model_id)], self._repr_png_())
