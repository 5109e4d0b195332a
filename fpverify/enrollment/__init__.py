"""Enrolling many fingers at once: a list goes in, an outcome for each of its rows comes out."""

from __future__ import annotations

from fpverify.enrollment.listing import EnrollmentRow, read_rows
from fpverify.enrollment.mass import MassEnrollment
from fpverify.enrollment.migration import Migrated, Migration
from fpverify.enrollment.outcomes import DONE, RowOutcome

__all__ = ["DONE", "EnrollmentRow", "MassEnrollment", "Migrated", "Migration", "RowOutcome", "read_rows"]
