"""The decisions of policy.py are IAM's, where IAM's reference says what they are."""

import pytest

import policy

KEY = "dynamodb:LeadingKeys"


def statement(effect, operator=None, patterns=(), action="dynamodb:PutItem"):
    condition = {"Condition": {operator: {KEY: list(patterns)}}} if operator else {}
    return {"Effect": effect, "Action": [action], "Resource": ["table"]} | condition


def decided(statements, keys, action="dynamodb:PutItem", resource="table"):
    return policy.decide(statements, action, resource, {KEY: keys})


def test_what_no_statement_permits_is_not_allowed():
    assert decided([], ["K#1"]) is None
    assert decided([statement("Allow")], ["K#1"], action="dynamodb:GetItem") is None
    assert decided([statement("Allow")], ["K#1"], resource="another") is None


def test_a_deny_wins_over_every_allow():
    assert decided([statement("Allow"), statement("Deny", "ForAnyValue:StringLike", ["K#*"])], ["K#1"]) == "deny"


@pytest.mark.parametrize(
    ("operator", "keys", "holds"),
    [
        ("ForAnyValue:StringLike", ["K#1", "a#U#1"], True),
        ("ForAnyValue:StringLike", ["a#U#1"], False),
        ("ForAnyValue:StringLike", [], False),
        ("ForAllValues:StringLike", ["K#1", "K#2"], True),
        ("ForAllValues:StringLike", ["K#1", "a#U#1"], False),
        # As IAM has it: no value is no value that differs.
        ("ForAllValues:StringLike", [], True),
    ],
)
def test_conditions_over_several_keys(operator, keys, holds):
    assert (decided([statement("Allow", operator, ["K#*"])], keys) == "allow") == holds


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [("*#T", "acme#T", True), ("*#T", "acme#t", False), ("*#T", "acme#T#1", False), ("K#?", "K#1", True), ("K#?", "K#12", False)],
)
def test_patterns(pattern, text, same):
    assert policy.like(text, pattern) == same


def test_a_boundary_permits_nothing_and_takes_away():
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    bound = [*everything, statement("Deny", "ForAnyValue:StringLike", ["K#*"])]
    asked = ("dynamodb:PutItem", "table", {KEY: ["K#1"]})
    assert policy.is_allowed(everything, everything, *asked)
    assert not policy.is_allowed([], everything, *asked)
    assert not policy.is_allowed(everything, bound, *asked)
    assert not policy.is_allowed(everything, [], *asked)


def test_what_is_not_known_is_not_guessed():
    with pytest.raises(ValueError, match="ArnLike"):
        decided([statement("Allow", "ArnLike", ["K#*"])], ["K#1"])
    with pytest.raises(ValueError, match="NotAction"):
        policy.decide([{"Effect": "Allow", "NotAction": ["a"], "Resource": "*"}], "b", "table", {})
    with pytest.raises(ValueError, match="pattern"):
        policy.like("a", "[a]*")
