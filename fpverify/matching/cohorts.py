"""The strangers that a model knows, as a file of its bundle."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import replace

from fpverify.comparison import Calibration, prepare_template
from fpverify.comparison.cohort import Cohort
from fpverify.errors import CorruptModel, CorruptRecord
from fpverify.models import Bundle
from fpverify.store.template_format import decode_template, encode_template
from fpverify.vocabulary import Template

FILE = "cohort.json"


def knows_strangers(bundle: Bundle) -> bool:
    """Whether the card lists any; models made before there were have none."""
    return FILE in bundle.card.files


def read_cohort(bundle: Bundle) -> Cohort:
    """The strangers of a model that knows some.

    Raises:
        CorruptModel: the file is missing, damaged, or not what it should be; or the model is not calibrated.
    """
    stored = bundle.calibration_of_its_own()
    try:
        plain = json.loads(bundle.content(FILE))
        strangers = tuple(
            prepare_template(decode_template(base64.b64decode(one, validate=True))) for one in plain["strangers"]
        )
        line = float(plain["intercept"]), float(plain["slope"])
    except (ValueError, KeyError, TypeError, RecursionError, CorruptRecord) as error:
        raise CorruptModel(f"{bundle.folder / FILE}: strangers' templates were expected") from error
    own = all(one.model_id == bundle.model_id for one in strangers)
    if stored is None or not strangers or not own or not all(map(math.isfinite, line)):
        raise CorruptModel(f"{bundle.folder / FILE}: strangers' templates of this model, calibrated, were expected")
    return Cohort(strangers, *line, Calibration.from_dict(stored), bundle.alignment)


def renamed(content: bytes, model_id: str) -> bytes:
    """The file for a model of the same networks and another id."""
    plain = json.loads(content)
    strangers = [replace(decode_template(base64.b64decode(one)), model_id=model_id) for one in plain["strangers"]]
    return cohort_file(strangers, plain["intercept"], plain["slope"])


def cohort_file(strangers: Sequence[Template], intercept: float, slope: float) -> bytes:
    """What `read_cohort` reads."""
    templates = [base64.b64encode(encode_template(one)).decode("ascii") for one in strangers]
    plain = {"intercept": intercept, "slope": slope, "strangers": templates}
    return json.dumps(plain, indent=1).encode()
