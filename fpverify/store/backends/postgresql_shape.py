"""The tables of a store in PostgreSQL as they are, for `fpverify.store.backends.shape`.

Other programs may have tables and views beside them: only what bears a name of the store's is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fpverify.store.backends.database import Database
from fpverify.store.backends.shape import KNOWN_TABLES, Table, departures

TYPES: Mapping[str, str] = MappingProxyType(
    {
        **{"integer": "bigint", "bytes": "bytea", "number": "double precision", "text": "text"},
        "version": "character varying(32)",
    }
)

_KINDS = {"v": "view", "m": "materialised view", "f": "foreign table", "p": "partitioned table"}
_OURS = (
    "c.relnamespace = current_schema()::regnamespace AND c.relkind::text IN ('r', 'v', 'm', 'f', 'p')"
    f" AND c.relname IN ({', '.join(repr(name) for name in KNOWN_TABLES)})"
)
_RELATIONS = f"""
    SELECT c.relname::text, c.relkind::text, c.relpersistence::text = 'u', c.relrowsecurity,
        (SELECT count(*) FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
        (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype::text = 'c')
    FROM pg_class c WHERE {_OURS}
"""  # noqa: S608 - constants
_HOOKS = f"""
    SELECT c.relname::text, 'trigger', t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND {_OURS}
    UNION ALL
    SELECT c.relname::text, 'rule', r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE r.rulename <> '_RETURN' AND {_OURS}
"""  # noqa: S608 - constants
_COLUMNS = f"""
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attgenerated::text <> '', a.attcollation::bigint NOT IN (0, 100)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped AND {_OURS}
"""  # noqa: S608 - constants; 100 is the database's own order
_INDEXES = f"""
    SELECT c.relname::text, i.indexrelid::regclass::text, i.indisunique, i.indexprs IS NOT NULL, i.indpred IS NOT NULL,
        i.indisvalid,
        array_to_string(ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number ORDER BY k.place), ' ')
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE {_OURS}
"""  # noqa: S608 - constants
_REFERENCES = f"""
    SELECT c.relname::text, a.attname::text, o.relname::text
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class o ON o.oid = k.confrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    WHERE k.contype::text = 'f' AND k.confdeltype::text = 'c' AND {_OURS}
"""  # noqa: S608 - constants


def postgresql_departures(database: Database) -> list[str]:
    """A sentence for each difference from the tables of a new store."""
    found: dict[str, Table] = {}
    for name, kind, unlogged, secured, kin, checks in database.rows(_RELATIONS):
        found[name] = table = Table(_KINDS.get(kind, "table"), checks=checks)
        table.oddities += [f"{name} is not logged, and is lost in a crash"] if unlogged else []
        table.oddities += [f"{name} hides rows by a policy"] if secured else []
        table.oddities += [f"{name} shares rows with another table"] if kin else []
    for name, kind, called in database.rows(_HOOKS):
        found[name].oddities.append(f"there is a {kind} {called!r:.60} on {name}, which no store has")
    for name, column, kind, not_null, computed, ordered in database.rows(_COLUMNS):
        found[name].columns[column] = kind if not_null else f"{kind}?"
        found[name].oddities += [f"the column {column} of {name} is computed"] if computed else []
        found[name].oddities += [f"the column {column} of {name} compares in another order"] if ordered else []
    for name, index, unique, computed, partial, valid, columns in database.rows(_INDEXES):
        if computed or (unique and (partial or not valid)):
            found[name].oddities.append(f"there is an index {index!r:.60} on {name}, which no store has")
        elif unique:
            found[name].unique.add(tuple(columns.split()))
    for name, column, other in database.rows(_REFERENCES):
        found[name].references.add((column, other))
    return departures(found, TYPES)
