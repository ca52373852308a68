"""Whether an alarm rings on given datapoints, as CloudWatch decides it. Raises on what it does not know.

A series is a list of datapoints, the newest last, `None` where there was none; all of an alarm's series are as long. The
last `EvaluationPeriods` of them are judged. CloudWatch learns a band from two weeks; here it is the mean of the earlier
datapoints, so many of their deviations up and down.
"""

import ast
import statistics

COMPARISONS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanUpperThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


def rings(alarm, series, parameters):
    """Whether the alarm rings at the end of the series, which go by their metrics' names."""
    count = alarm["EvaluationPeriods"]
    judged = len(next(iter(series.values()))) - count
    if judged < 0 or len({len(it) for it in series.values()}) != 1:
        raise ValueError("series too short, or of different lengths")
    values, thresholds = lines(alarm, series, parameters, judged)
    breach = COMPARISONS[alarm["ComparisonOperator"]]
    when_missing = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    breaches = [
        when_missing if value is None else breach(value, threshold)
        for value, threshold in zip(values[judged:], thresholds[judged:])
    ]
    return alarm.get("DatapointsToAlarm", count) <= sum(breaches)


def metrics_of(alarm):
    """Namespace, name and dimensions of every metric the alarm looks at."""
    single = [alarm] if "MetricName" in alarm else []
    several = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
    return [(it["Namespace"], it["MetricName"], {each["Name"]: each["Value"] for each in it["Dimensions"]}) for it in single + several]


def lines(alarm, series, parameters, judged):
    """What is compared, and with what, for each datapoint."""
    length = len(next(iter(series.values())))
    if "MetricName" in alarm:
        return series[alarm["MetricName"]], [number(alarm["Threshold"], parameters)] * length
    known, returned, expressions = {}, [], []
    for it in alarm["Metrics"]:
        if "MetricStat" in it:
            known[it["Id"]] = series[it["MetricStat"]["Metric"]["MetricName"]]
        else:
            expressions.append(it)
        if it.get("ReturnData", True):
            returned.append(it["Id"])
    for it in expressions:
        tree = ast.parse(it["Expression"], mode="eval").body
        known[it["Id"]] = [value(tree, known, at, judged) for at in range(length)]
    band = alarm.get("ThresholdMetricId")
    compared = [it for it in returned if it != band]
    if len(compared) != 1 or (band is None) != ("Threshold" in alarm):
        raise ValueError(f"compares {compared} with {band}")
    thresholds = known[band] if band else [number(alarm["Threshold"], parameters)] * length
    return known[compared[0]], thresholds


def number(given, parameters):
    """A number, or a parameter's default."""
    return parameters[given["Ref"]]["Default"] if isinstance(given, dict) else given


def value(tree, known, at, judged):
    """One datapoint of an expression. A missing operand makes it a missing one."""
    inner = lambda it: value(it, known, at, judged)
    match tree:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name):
            return known[name][at]
        case ast.Call(func=ast.Name(id="FILL"), args=[it, ast.Constant(value=filler)]):
            found = inner(it)
            return filler if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            holds = inner(condition)
            return None if holds is None else inner(then if holds else otherwise)
        case ast.Call(func=ast.Name(id="ANOMALY_DETECTION_BAND"), args=[ast.Name(id=name), ast.Constant(value=width)]):
            past = [it for it in known[name][:judged] if it is not None]
            return statistics.mean(past) + width * statistics.pstdev(past)
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
            return apply(lambda a, b: a > b, inner(left), inner(right))
        case ast.BinOp(left=left, op=op, right=right):
            functions = {ast.Add: lambda a, b: a + b, ast.Mult: lambda a, b: a * b, ast.Div: lambda a, b: a / b}
            return apply(functions[type(op)], inner(left), inner(right))
    raise ValueError(f"expression {ast.dump(tree)}")


def apply(function, left, right):
    """A function of two datapoints that are there."""
    return None if left is None or right is None else function(left, right)
