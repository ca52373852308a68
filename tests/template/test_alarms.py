"""Each alarm rings on what it is there for, and on nothing else."""

import re

import pytest

from alarms import metrics_of, rings
from project import ROOT, Project, references

PROJECT = Project.load()
ALARMS = PROJECT.of_type("AWS::CloudWatch::Alarm")
PARAMETERS = PROJECT.written["Parameters"]
NONE = None

FAILS = (
    {"5xx": [0, 0, 2, 2, 2], "Count": [100] * 5},
    # One bad minute; as many failures among more requests; a night.
    [{"5xx": [0, 0, 50, 0, 0], "Count": [100] * 5}, {"5xx": [2] * 5, "Count": [1000] * 5}, {"5xx": [NONE] * 5, "Count": [NONE] * 5}],
)
SLOW = ({"Latency": [90, 1001, 1001, 90, 1001]}, [{"Latency": [90, 1000, 5000, 5000, 90]}, {"Latency": [NONE] * 5}])
THROTTLES = (
    {"ReadThrottleEvents": [NONE, NONE, 1, NONE, NONE], "WriteThrottleEvents": [NONE, NONE, NONE, 1, 1]},
    [{"ReadThrottleEvents": [NONE, 9, NONE, NONE, 9], "WriteThrottleEvents": [NONE] * 5}, {"ReadThrottleEvents": [0] * 5, "WriteThrottleEvents": [0] * 5}],
)
LETTERS = ({"ApproximateNumberOfMessagesVisible": [1]}, [{"ApproximateNumberOfMessagesVisible": [0]}, {"ApproximateNumberOfMessagesVisible": [NONE]}])
# A fortnight of ups and downs, and then the datapoints that are judged.
USUAL = [3, 5, 2, 6, 4, 5, 3, 4] * 20


def unusual(metric):
    return (
        {metric: [*USUAL, 4, 60, 70]},
        [{metric: [*USUAL, 4, 60, 5]}, {metric: [*USUAL, 6, 6, 6]}, {metric: [*USUAL, 0, 0, 0]}, {metric: [*USUAL, NONE, NONE, NONE]}],
    )


# What makes an alarm ring, and what does not.
CONDITIONS = {
    "ApiErrorsAlarm": FAILS,
    "ApiLatencyAlarm": SLOW,
    "ValidateFailsAlarm": FAILS,
    "ValidateSlowAlarm": SLOW,
    "CreateFailsAlarm": FAILS,
    "CreateSlowAlarm": SLOW,
    "TelemetryFailsAlarm": FAILS,
    "TelemetrySlowAlarm": SLOW,
    "TableThrottlesAlarm": THROTTLES,
    "HistoryIndexThrottlesAlarm": THROTTLES,
    "DueIndexThrottlesAlarm": THROTTLES,
    "CleanupDeadLettersAlarm": LETTERS,
    "SettleDeadLettersAlarm": LETTERS,
    "SettleLagAlarm": ({"IteratorAge": [0, 0, 60_001, 60_001, 60_001]}, [{"IteratorAge": [0, 0, 0, 90_000, 90_000]}, {"IteratorAge": [NONE] * 5}]),
    # Nothing at all is what they are there for.
    "CleanupSilenceAlarm": ({"WatermarkAge": [NONE] * 3}, [{"WatermarkAge": [1, 1, 1]}, {"WatermarkAge": [1, NONE, NONE]}]),
    "StreamSilenceAlarm": ({"StreamHeartbeat": [NONE] * 3}, [{"StreamHeartbeat": [1, 1, 1]}, {"StreamHeartbeat": [NONE, 2, NONE]}]),
    # Between runs an hour is drained for good one to two hours after it began.
    "CleanupBehindAlarm": ({"WatermarkAge": [14_500, 14_800, 15_100]}, [{"WatermarkAge": [7_200, 3_600, 3_900]}, {"WatermarkAge": [NONE] * 3}]),
    "TelemetryUsedUpAlarm": ({"TelemetryUsedUp": [1, 40, 40, 40, 1]}, [{"TelemetryUsedUp": [NONE, 400, 400, 400, 400]}, {"TelemetryUsedUp": [NONE] * 5}]),
    "SessionRefusalsUnusualAlarm": unusual("Refused"),
    "CredentialRefusalsUnusualAlarm": unusual("AuthRefused"),
    "SessionRefusalsAlarm": (
        {"Refused": [NONE, 11, 11], "Count": [200] * 3},
        # Few requests; few refusals; quiet.
        [{"Refused": [5, 5, 5], "Count": [6] * 3}, {"Refused": [10, 10, 10], "Count": [200] * 3}, {"Refused": [NONE] * 3, "Count": [200] * 3}, {"Refused": [NONE] * 3, "Count": [NONE] * 3}],
    ),
}
for function in PROJECT.functions():
    for metric in ("Errors", "Throttles"):
        CONDITIONS[function.removesuffix("Function") + f"{metric}Alarm"] = (
            {metric: [0, 1, 0, 0, 1]},
            [{metric: [0, 0, 9, 0, 0]}, {metric: [0] * 5}, {metric: [NONE] * 5}],
        )

# What each service publishes, by these dimensions alone: a metric by others has no datapoint, ever.
ROUTE = {"ApiId", "Stage", "Method", "Resource"}
PUBLISHED = {
    "AWS/ApiGateway": ({"5xx", "Count", "Latency"}, [{"ApiId"}, ROUTE]),
    "AWS/DynamoDB": ({"ReadThrottleEvents", "WriteThrottleEvents"}, [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}]),
    "AWS/Lambda": ({"Errors", "IteratorAge", "Throttles"}, [{"FunctionName"}]),
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible"}, [{"QueueName"}]),
    "Holdfast": (set(re.findall(r'=> "(\w+)"', (ROOT / "shared/src/runtime/metrics.rs").read_text())) - {"Count", "Seconds"}, [{"Table"}]),
}


def test_every_alarm_has_its_condition():
    assert set(CONDITIONS) == set(ALARMS)


@pytest.mark.parametrize("name", CONDITIONS)
def test_it_rings_on_its_condition_and_not_on_quiet_data(name):
    condition, quiet = CONDITIONS[name]
    assert quiet
    assert rings(ALARMS[name], condition, PARAMETERS)
    for series in quiet:
        assert not rings(ALARMS[name], series, PARAMETERS), series


@pytest.mark.parametrize("name", CONDITIONS)
def test_its_metrics_are_published(name):
    for namespace, metric, dimensions in metrics_of(ALARMS[name]):
        metrics, by = PUBLISHED[namespace]
        assert metric in metrics and set(dimensions) in by, (metric, dimensions)
        if set(dimensions) == ROUTE:
            assert f"{dimensions['Method']} {dimensions['Resource']}" in PROJECT.routes()
            assert dimensions["Stage"] == "$default"
        if namespace == "Holdfast":
            assert dimensions == {"Table": {"Ref": "Table"}}


def test_the_dashboard_shows_every_metric_of_ours_and_every_alarm_that_is_always_there():
    body = PROJECT.of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    for metric in PUBLISHED["Holdfast"][0]:
        assert f'["Holdfast", "{metric}",' in body, metric
    always = {name for name in ALARMS if "Condition" not in PROJECT.deployed["Resources"][name]}
    assert set(re.findall(r"\$\{(\w+Alarm)\.Arn\}", body)) == always


def test_without_a_topic_only_the_alarms_of_single_functions_are_left_out():
    functions = {it.removesuffix("Function") for it in PROJECT.functions()}
    for name, alarm in ALARMS.items():
        of_function = re.sub(r"(Errors|Throttles)Alarm$", "", name) in functions
        condition = PROJECT.deployed["Resources"][name].get("Condition")
        topic = {"Ref": "AlarmTopicArn"}
        action = [topic] if of_function else {"Fn::If": ["HasAlarmTopic", [topic], {"Ref": "AWS::NoValue"}]}
        assert condition == ("HasAlarmTopic" if of_function else None), name
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (action, action), name


def test_the_operator_is_told_how_many_alarms_are_paid_for():
    # A band is two metrics more than the one it is drawn around.
    paid = {name: len(metrics_of(it)) + (2 if "ThresholdMetricId" in it else 0) for name, it in ALARMS.items()}
    always = [name for name in ALARMS if "Condition" not in PROJECT.deployed["Resources"][name]]
    text = PROJECT.documents["operations.md"]
    assert f"{len(always)} alarms over {sum(paid[it] for it in always)} metrics" in text
    assert f"a topic adds {len(ALARMS) - len(always)} alarms" in text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("GreaterThanThreshold", "LessThanThreshold"), ("notBreaching", "breaching")],
)
def test_an_alarm_that_is_the_wrong_way_round_is_seen(right, wrong):
    for name, alarm in ALARMS.items():
        other = {key: wrong if value == right else value for key, value in alarm.items()}
        condition, quiet = CONDITIONS[name]
        # A sum that is filled is never missing.
        if other != alarm and not (right == "notBreaching" and "FILL(reads, 0)" in str(alarm)):
            judged = [not rings(other, condition, PARAMETERS), *(rings(other, it, PARAMETERS) for it in quiet)]
            assert any(judged), name
