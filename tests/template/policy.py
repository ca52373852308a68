"""IAM's decision, as far as this template's policies need it. Raises on what it does not know, and never guesses."""

import fnmatch
import json

OPERATORS = {
    # Some value matches; no value, no match.
    "ForAnyValue:StringLike": any,
    # Every value matches; no value, a match.
    "ForAllValues:StringLike": all,
}


def decide(statements, action, resource, context):
    """`deny`, `allow`, or None where no statement says anything. `context` has the values of condition keys."""
    effects = {it["Effect"] for it in statements if applies(it, action, resource, context)}
    return next((it.lower() for it in ("Deny", "Allow") if it in effects), None)


def is_allowed(role, boundary, action, resource, context):
    """Whether a role with a boundary may: its own policies and the boundary have to allow it, and neither deny it."""
    decisions = {decide(it, action, resource, context) for it in (role, boundary)}
    return decisions == {"allow"}


def applies(statement, action, resource, context):
    """Whether a statement speaks of such a request."""
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown:
        raise ValueError(f"statement with {sorted(unknown)}")
    named = any(like(action.lower(), it.lower()) for it in listed(statement["Action"]))
    there = any(it in ("*", resource) for it in listed(statement["Resource"]))
    return named and there and all(
        holds(operator, patterns, context) for operator, patterns in statement.get("Condition", {}).items()
    )


def holds(operator, tests, context):
    """Whether one operator of a condition holds for all of its keys."""
    if operator not in OPERATORS:
        raise ValueError(f"condition operator {operator}")
    return all(
        OPERATORS[operator](any(like(value, pattern) for pattern in listed(patterns)) for value in context.get(key, []))
        for key, patterns in tests.items()
    )


def like(text, pattern):
    """StringLike: `*` stands for any characters, `?` for one, and case counts."""
    if "[" in pattern or "$" in json.dumps(pattern):
        raise ValueError(f"pattern {pattern}")
    return fnmatch.fnmatchcase(text, pattern)


def listed(value):
    """One or several, as several."""
    return value if isinstance(value, list) else [value]
