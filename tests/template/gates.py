"""What must hold of the template beyond what AWS's own linters see.

Each gate takes the project and returns its complaints; an empty list is a pass.
"""

import json
import re

import policy
from policy import listed
from project import references

GATES = []

# AWS keeps these two, and X-Ray's actions know no resource narrower than `*`. Logs: any function may write log lines.
MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}

# An item of each kind that says who may ask, by its partition key (docs/data-model.md).
CREDENTIALS = {"a tenant": "acme#T", "an issuer": "ISS#9f86d081", "an API key": "K#018d0cab", "a site": "SITE#018d0cab"}

# What changes an item, a transaction's parts and PartiQL among it.
WRITES = ["BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem"]

# What a function may name as items it works on, and the actions that always name the items they are about.
ITEMS = {"*#T", "ISS#*", "K#*", "SITE#*", "W#due", "W#stream"} | {f"*#{kind}#*" for kind in "BCDILNRSUV"}
BY_KEY = {f"dynamodb:{it}" for it in ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")}
LEADING_KEYS = "dynamodb:LeadingKeys"

# The gateway answers 503 after 30 seconds, whatever the function still does.
GATEWAY_PATIENCE = 29

ENVIRONMENT = {
    "HOLDFAST_TABLE",
    "HOLDFAST_MAX_CONCURRENT",
    "HOLDFAST_AT_LIMIT",
    "HOLDFAST_ABSOLUTE_TIMEOUT",
    "HOLDFAST_RISK_MODE",
    "HOLDFAST_RISK_SUSPICIOUS",
    "HOLDFAST_RISK_STOLEN",
    "HOLDFAST_TRUST_USER_CONTEXT",
    "HOLDFAST_ALLOWED_ORIGINS",
    "HOLDFAST_RETENTION_DAYS",
    "HOLDFAST_INTELLIGENCE",
    "HOLDFAST_TELEMETRY_PER_TENANT",
    "HOLDFAST_TELEMETRY_PER_SITE",
    "HOLDFAST_TELEMETRY_PER_NETWORK",
    "HOLDFAST_CREATES_PER_SUBJECT",
    "HOLDFAST_ORIGIN_SECRET",
    "HOLDFAST_VISITOR_ADDRESS_HEADER",
}

# Where DynamoDB is when it is not where it always is: declared for `sam local`, and absent in the cloud unless somebody
# names an endpoint. The SDK takes an empty variable for an address.
ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"
NO_ENDPOINT_BY_DEFAULT = {"Fn::If": ["HasDynamoDbEndpoint", {"Ref": "DynamoDbEndpoint"}, {"Ref": "AWS::NoValue"}]}

# Where the keys of telemetry tokens are: an ARN, for the functions that may read them and no other.
TOKEN_KEYS = "HOLDFAST_TOKEN_KEYS"
DEAD_LETTERS = "HOLDFAST_DEAD_LETTERS"

# `$context.path` would hold session ids, `identity.sourceIp` and `identity.userAgent` persons.
ACCESS_LOG_VARIABLES = {
    "requestId",
    "requestTimeEpoch",
    "routeKey",
    "status",
    "responseLatency",
    "integrationLatency",
    "responseLength",
    "error.responseType",
}


def gate(check):
    """Adds a check to the gates."""
    GATES.append(check)
    return check


@gate
def routes_equal_openapi(project):
    """Every documented operation has a route and every route is documented."""
    if project.openapi is None:
        return ["openapi.yaml is missing"]
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    documented = {
        f"{method.upper()} {path}"
        for path, operations in project.openapi.get("paths", {}).items()
        for method in operations
        if method in methods
    }
    routes = set(project.routes()) - {"$default"}
    return [f"{it} has a route but is not in openapi.yaml" for it in sorted(routes - documented)] + [
        f"{it} is in openapi.yaml but has no route" for it in sorted(documented - routes)
    ]


@gate
def unknown_paths_are_answered(project):
    """The gateway's own 404 is in no face's shape, so the default route goes to a function."""
    found = project.routes().get("$default")
    return [] if found == "RouteFallbackFunction" else [f"the default route goes to {found}"]


@gate
def every_route_is_throttled(project):
    """Each route has its own rate, so that a flood of one leaves the others alone."""
    wrong = []
    for stage in project.of_type("AWS::ApiGatewayV2::Stage").values():
        settings = stage.get("RouteSettings", {})
        if set(settings) != set(project.routes()):
            wrong += [f"routes and RouteSettings differ in {set(settings) ^ set(project.routes())}"]
        for name, it in [("default", stage.get("DefaultRouteSettings", {})), *settings.items()]:
            if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(it):
                wrong.append(f"{name} has no throttle")
    return wrong


@gate
def folders_functions_and_events_agree(project):
    """An endpoint exists once: folder, function and events carry one name."""
    wrong = []
    named = {name: project.folder_of(name) for name in project.functions()}
    for function, folder in named.items():
        camel = "".join(word.capitalize() for word in folder.split("-")) + "Function"
        if function != camel:
            wrong.append(f"{function} is built from functions/{folder}, so it should be {camel}")
    folders = set(named.values())
    wrong += [f"functions/{it} is in no function" for it in sorted(project.folders - folders)]
    wrong += [f"functions/{it} does not exist" for it in sorted(folders - project.folders)]
    wrong += [f"events/{it} belongs to no function" for it in sorted(set(project.events) - folders)]
    wrong += [f"events/{it} has no event" for it in sorted(folders) if not project.events.get(it)]
    return wrong


@gate
def functions_run_as_agreed(project):
    """One runtime, one entry point, one way to build; the processor is the user's choice."""
    wrong = []
    for name, it in project.functions().items():
        if it.get("Runtime") != "provided.al2023":
            wrong.append(f"{name} runs on {it.get('Runtime')}")
        if it.get("Handler") != "bootstrap":
            wrong.append(f"{name} is entered at {it.get('Handler')}")
        if it.get("Architectures") != [{"Ref": "Architecture"}]:
            wrong.append(f"{name} has a processor of its own")
        if project.written["Resources"][name].get("Metadata", {}).get("BuildMethod") != "rust-cargolambda":
            wrong.append(f"{name} is not built by cargo-lambda")
        if "TracingConfig" not in it:
            wrong.append(f"{name} is not traced")
    return wrong


@gate
def http_functions_answer_before_the_gateway_gives_up(project):
    """A late answer must be the function's own, in its face's shape."""
    functions = project.functions()
    late = {it for it in project.routes().values() if GATEWAY_PATIENCE <= functions[it].get("Timeout", 3)}
    return [f"{it} may take longer than the gateway waits" for it in sorted(late)]


@gate
def environment_is_the_agreed_one(project):
    """Nothing of the local cloud, no secret, no typing error."""
    wrong = []
    for name, it in project.functions().items():
        variables = it.get("Environment", {}).get("Variables") or {}
        found = set(variables) - {TOKEN_KEYS, DEAD_LETTERS, ENDPOINT}
        if found != ENVIRONMENT:
            wrong.append(f"{name}: environment differs in {sorted(found ^ ENVIRONMENT)}")
        keys = variables.get(TOKEN_KEYS)
        if keys not in (None, {"Ref": "TokenKeys"}):
            wrong.append(f"{name} is given keys in {TOKEN_KEYS}, and not where they are")
        if (keys is not None) != may(project, it, "secretsmanager:GetSecretValue"):
            wrong.append(f"{name}: {TOKEN_KEYS} and the right to read the secret differ")
        letters = variables.get(DEAD_LETTERS)
        if letters != ({"Ref": "SettleDeadLetters"} if may(project, it, "sqs:SendMessage", "SettleDeadLetters") else None):
            wrong.append(f"{name}: {DEAD_LETTERS} and the right to send there differ")
        if variables.get(ENDPOINT) != NO_ENDPOINT_BY_DEFAULT:
            wrong.append(f"{name}: {ENDPOINT} is not declared, or not absent by default")
    if project.written["Parameters"]["DynamoDbEndpoint"]["Default"] != "":
        wrong.append("DynamoDbEndpoint has a default that is an endpoint")
    for word in ("LOOPBACK", "DOCUMENTATION_PLACES", "TOKEN_KEYS_FILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY", "AWS_SECRET"):
        if word in project.text.replace(ENDPOINT, ""):
            wrong.append(f"{word} belongs to the local cloud")
    return wrong


def may(project, function, action, resource=""):
    """Whether a function's role names an action, on that resource of the template."""
    roles = [project.deployed["Resources"][it]["Properties"] for it in references(function["Role"])]
    policies = [policy["PolicyDocument"]["Statement"] for role in roles for policy in role.get("Policies", [])]
    statements = [it for some in policies for it in (some if isinstance(some, list) else [some])]
    return any(action in it["Action"] and resource in json.dumps(it["Resource"]) for it in statements)


@gate
def permissions_name_what_they_permit(project):
    """No wildcard action, no wildcard resource, no managed policy but two."""
    wrong = []
    for name, role in project.of_type("AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", []):
            short = json.dumps(arn).rstrip('"}').rsplit("/", 1)[-1]
            if short not in MANAGED_POLICIES:
                wrong.append(f"{name} holds the managed policy {short}")
        for policy in role.get("Policies", []):
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                wrong += [f"{name}: {it}" for it in statement_faults(statement)]
    return wrong


def statement_faults(statement):
    """Complaints about one statement of an Allow policy."""
    if statement.get("Effect") != "Allow":
        return
    if "NotAction" in statement or "NotResource" in statement:
        yield "permits by exclusion"
    actions, resources = listed(statement.get("Action", [])), listed(statement.get("Resource", []))
    for action in actions:
        if "*" in action:
            yield f"wildcard action {action}"
        if action == "dynamodb:Scan":
            yield "may scan the table"
    for resource in resources:
        if "*" in json.dumps(resource):
            yield f"wildcard resource {json.dumps(resource)}"
        if not list(references(resource)):
            yield f"resource {json.dumps(resource)} is not of this stack"
        if "/index/" in json.dumps(resource) and actions != ["dynamodb:Query"]:
            yield f"more than Query on an index: {actions}"
        if resource == TABLE:
            yield from item_faults(actions, statement.get("Condition"))


TABLE = {"Fn::GetAtt": ["Table", "Arn"]}


def item_faults(actions, condition):
    """Complaints about what a statement permits with items of the table."""
    if set(condition or {}) != {"ForAllValues:StringLike"} or set(condition["ForAllValues:StringLike"]) != {LEADING_KEYS}:
        yield f"{actions} on items of every kind"
        return
    keys = set(condition["ForAllValues:StringLike"][LEADING_KEYS])
    if not keys or not keys <= ITEMS:
        yield f"{actions} on items no gate knows: {sorted(keys - ITEMS)}"
    # Without a key there is nothing to compare, and the condition holds.
    if not set(actions) <= BY_KEY:
        yield f"{sorted(set(actions) - BY_KEY)} need not name the items they are about"


@gate
def no_function_may_write_credentials(project):
    """Whatever a function's own policy permits: who writes these decides who may do what."""
    wrong = []
    managed = {name: it["PolicyDocument"]["Statement"] for name, it in project.of_type("AWS::IAM::ManagedPolicy").items()}
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    table = json.dumps(TABLE)
    for function, it in project.functions().items():
        role = next(references(it["Role"]))
        body = project.deployed["Resources"][role]["Properties"]
        bounds = [text(managed[name]) for name in references(body.get("PermissionsBoundary", {})) if name in managed]
        if not bounds:
            wrong.append(f"{function} has no boundary")
        own = text([it for policy in body.get("Policies", []) for it in listed(policy["PolicyDocument"]["Statement"])])
        for bound in bounds:
            for action in (f"dynamodb:{it}" for it in WRITES):
                for what, key in CREDENTIALS.items():
                    # Beside an item it may write, as in a batch.
                    context = {LEADING_KEYS: ["acme#U#gf7ae8w0YWa3Zz6b1R0AAA", key]}
                    if policy.is_allowed(everything, bound, action, table, context):
                        wrong.append(f"{function} may {action} {what} once its policy permits it")
            # A boundary that forbids what the function does would be noticed when it is deployed, and no sooner.
            for statement in own:
                for action in listed(statement["Action"]):
                    if policy.decide([bound[0]], action, listed(statement["Resource"])[0], {}) != "allow":
                        wrong.append(f"the boundary of {function} does not permit {action}")
    for name, it in project.of_type("AWS::IAM::ManagedPolicy").items():
        if set(it) & {"Groups", "Roles", "Users"}:
            wrong.append(f"{name} is a boundary, and is attached")
    return wrong


def text(statements):
    """Statements with each resource as a text, so that two are the same or not."""
    resources = lambda it: [each if each == "*" else json.dumps(each) for each in listed(it["Resource"])]
    return [it | {"Resource": resources(it)} for it in statements]


@gate
def asynchronous_paths_have_dead_letters(project):
    """What nobody waits for must not vanish: not at the hand-over and not in the function."""
    wrong = []
    settled = {
        name
        for it in project.of_type("AWS::Lambda::EventInvokeConfig").values()
        if it.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        for name in references(it["FunctionName"])
    }
    for name, it in project.of_type("AWS::Scheduler::Schedule").items():
        target = it["Target"]
        if not target.get("DeadLetterConfig", {}).get("Arn"):
            wrong.append(f"{name} has no dead-letter queue")
        if not target.get("RetryPolicy"):
            wrong.append(f"{name} has no retry policy")
        wrong += [f"{it} loses runs that fail" for it in references(target["Arn"]) if it not in settled]
    for name, it in project.of_type("AWS::Lambda::EventSourceMapping").items():
        if not it.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            wrong.append(f"{name} has no dead-letter queue")
        if "ReportBatchItemFailures" not in it.get("FunctionResponseTypes", []):
            wrong.append(f"{name} repeats whole batches")
        if it.get("BisectBatchOnFunctionError") is not True:
            wrong.append(f"{name} does not isolate a poison record")
        if not it.get("FilterCriteria", {}).get("Filters"):
            wrong.append(f"{name} is not filtered")
        if not 0 < it.get("MaximumRetryAttempts", -1):
            wrong.append(f"{name} retries without end")
        if not 0 < it.get("MaximumRecordAgeInSeconds", -1) < 86_400:
            wrong.append(f"{name} gives up later than the stream forgets")
    others = ["AWS::Events::Rule", "AWS::SNS::Subscription", "AWS::Pipes::Pipe"]
    return wrong + [f"{name}: no gate knows {kind} yet" for kind in others for name in project.of_type(kind)]


@gate
def logs_are_structured_quiet_and_forgotten(project):
    """Each function has its log group, each log group an end."""
    groups = project.of_type("AWS::Logs::LogGroup")
    wrong = [f"{name} is kept for ever" for name, it in groups.items() if "RetentionInDays" not in it]
    used = []
    for name, it in project.functions().items():
        logging = it.get("LoggingConfig", {})
        found = [group for group in references(logging.get("LogGroup")) if group in groups]
        if not found:
            wrong.append(f"{name} has no log group of this stack")
        used += found
        if logging.get("LogFormat") != "JSON":
            wrong.append(f"{name} does not log JSON")
        if logging.get("SystemLogLevel") != "WARN":
            wrong.append(f"{name} logs every start and end")
        if logging.get("ApplicationLogLevel") != {"Ref": "LogLevel"}:
            wrong.append(f"{name} has a log level of its own")
    if project.written["Parameters"].get("LogLevel", {}).get("Default") != "WARN":
        wrong.append("functions log successes by default")
    return wrong + [f"{it} is shared" for it in sorted({it for it in used if 1 < used.count(it)})]


@gate
def access_log_holds_no_person_and_no_secret(project):
    """Only facts about the service."""
    wrong = []
    for name, stage in project.of_type("AWS::ApiGatewayV2::Stage").items():
        text = stage.get("AccessLogSettings", {}).get("Format", "")
        if not stage.get("AccessLogSettings", {}).get("DestinationArn"):
            wrong.append(f"{name} has no access log")
        for variable in re.findall(r"\$context\.([\w.]+)", text):
            if variable not in ACCESS_LOG_VARIABLES:
                wrong.append(f"the access log holds {variable}")
        try:
            json.loads(text)
        except ValueError:
            wrong.append("the access log's lines are not JSON")
    return wrong


@gate
def queues_are_encrypted_and_patient(project):
    """A dead letter may quote an event, and somebody must have time to read it."""
    wrong = []
    for name, it in project.of_type("AWS::SQS::Queue").items():
        if it.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in it:
            wrong.append(f"{name} is not encrypted")
        if it.get("MessageRetentionPeriod", 345_600) < 1_209_600:
            wrong.append(f"{name} forgets sooner than it could")
    return wrong


@gate
def table_is_safe(project):
    """The table survives mistakes, and a mistake does not cost a fortune."""
    wrong = []
    tables = project.of_type("AWS::DynamoDB::Table")
    if set(tables) != {"Table"}:
        wrong.append(f"tables: {sorted(tables)}")
    for name, it in tables.items():
        resource = project.deployed["Resources"][name]
        expected = [
            ("deletion protection", it.get("DeletionProtectionEnabled") is True),
            ("recovery", it.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is True),
            ("encryption by a key that is logged", it.get("SSESpecification", {}).get("SSEEnabled") is True),
            ("expiry", it.get("TimeToLiveSpecification") == {"AttributeName": "t", "Enabled": True}),
            ("stream", it.get("StreamSpecification", {}).get("StreamViewType") == "NEW_AND_OLD_IMAGES"),
            ("payment by request", it.get("BillingMode") == "PAY_PER_REQUEST"),
            ("cost ceiling", len(it.get("OnDemandThroughput", {})) == 2),
            ("Retain", {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} == {"Retain"}),
        ]
        wrong += [f"{name} has no {what}" for what, there in expected if not there]
        for index in it.get("GlobalSecondaryIndexes", []):
            if "MaxReadRequestUnits" not in index.get("OnDemandThroughput", {}):
                wrong.append(f"index {index['IndexName']} has no cost ceiling")
    return wrong


@gate
def nothing_has_a_fixed_name(project):
    """A second stack must fit into the same account and region."""
    names = re.compile(r"^(Function|Table|Queue|Role|Policy|LogGroup|Alarm|Dashboard|Topic|Bucket|Schedule)?Name$")
    wrong = []
    for resource, it in project.deployed["Resources"].items():
        for name, value in it.get("Properties", {}).items():
            own = names.match(name) and not it["Type"].startswith("AWS::Lambda::E") and it["Type"] != "AWS::Lambda::Permission"
            if own and "AWS::StackName" not in json.dumps(value):
                wrong.append(f"{resource} is always called {json.dumps(value)}")
    return wrong


@gate
def resources_form_no_circle(project):
    """CloudFormation refuses a circle only when it deploys, and no linter sees it."""
    resources = project.deployed["Resources"]
    edges = {
        name: {it for it in references(body.get("Properties")) if it in resources} | set(listed(body.get("DependsOn", [])))
        for name, body in resources.items()
    }
    done, path = set(), []

    def circle(name):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        path.append(name)
        found = next((it for it in map(circle, sorted(edges.get(name, ()))) if it), None)
        path.pop()
        done.add(name)
        return found

    found = next((it for it in map(circle, sorted(edges)) if it), None)
    return [" -> ".join(found)] if found else []


@gate
def parameters_are_described_bounded_and_used(project):
    """A wrong answer to `sam deploy --guided` is refused before anything is changed."""
    wrong = []
    used = set(references([project.written["Resources"], project.written["Globals"], project.written["Conditions"]]))
    shown = json.dumps(project.written["Metadata"])
    for name, it in project.written["Parameters"].items():
        bounded = "AllowedValues" in it or "AllowedPattern" in it or {"MinValue", "MaxValue"} <= set(it)
        expected = [
            ("description", "Description" in it),
            ("default", "Default" in it),
            ("bounds", bounded),
            ("use", name in used),
            ("place in the console's form", f'"{name}"' in shown),
            ("line in docs/deploy.md", f"`{name}`" in project.documents.get("deploy.md", "")),
        ]
        wrong += [f"parameter {name} has no {what}" for what, there in expected if not there]
    return wrong


@gate
def outputs_are_documented(project):
    """An output nobody explains is an output nobody finds."""
    text = project.documents.get("deploy.md", "")
    outputs = project.written["Outputs"]
    wrong = [f"output {it} has no description" for it, body in outputs.items() if not body.get("Description")]
    wrong += [f"output {it} is not in docs/deploy.md" for it in outputs if f"`{it}`" not in text]
    return wrong + [f"output {it} is exported by a fixed name" for it, body in outputs.items() if "Export" in body]


@gate
def alarms_watch_everything_and_are_explained(project):
    """Each function, queue and stream has its alarm, and each alarm says what to do."""
    wrong, watched = [], set()
    text = project.documents.get("operations.md", "")
    for name, it in project.of_type("AWS::CloudWatch::Alarm").items():
        if not it.get("AlarmActions"):
            wrong.append(f"{name} tells nobody")
        if "TreatMissingData" not in it:
            wrong.append(f"{name} does not say what silence means")
        function, kind = re.fullmatch(r"(\w+?)((?:Errors|Throttles)?Alarm)", name).groups()
        kind = f"<function>{kind}" if f"{function}Function" in project.functions() else name
        if f"`{kind}`" not in text:
            wrong.append(f"{name} is not in docs/operations.md")
        for target in references(it):
            watched.add((target, it.get("MetricName")))
    expected = [(name, metric) for name in project.functions() for metric in ("Errors", "Throttles")]
    expected += [(name, "ApproximateNumberOfMessagesVisible") for name in project.of_type("AWS::SQS::Queue")]
    for it in project.of_type("AWS::Lambda::EventSourceMapping").values():
        expected += [(name, "IteratorAge") for name in references(it["FunctionName"])]
    return wrong + [f"no alarm on {metric} of {name}" for name, metric in expected if (name, metric) not in watched]


@gate
def dashboard_shows_every_function(project):
    """The dashboard is a string to CloudFormation; here it is read."""
    wrong = []
    for name, it in project.of_type("AWS::CloudWatch::Dashboard").items():
        text = it["DashboardBody"]["Fn::Sub"]
        try:
            json.loads(text)
        except ValueError as error:
            wrong.append(f"{name} is not JSON: {error}")
        wrong += [f"{name} does not show {it}" for it in project.functions() if f"${{{it}}}" not in text]
    return wrong


@gate
def events_are_what_the_template_sends(project):
    """An event that could not arrive proves nothing."""
    wrong = []
    routes = project.routes()
    inputs = {
        name: json.loads(it["Target"]["Input"])
        for it in project.of_type("AWS::Scheduler::Schedule").values()
        for name in references(it["Target"]["Arn"])
    }
    streams = {name for it in project.of_type("AWS::Lambda::EventSourceMapping").values() for name in references(it["FunctionName"])}
    for function in project.functions():
        events = project.events.get(project.folder_of(function), {})
        for case, event in events.items():
            where = f"events/{project.folder_of(function)}/{case}.json"
            if event.get("version") == "2.0":
                wrong += [f"{where}: {it}" for it in http_event_faults(event, function, routes)]
            elif function in streams:
                if {it.get("eventSource") for it in event.get("Records", [])} != {"aws:dynamodb"}:
                    wrong.append(f"{where} is no batch of the stream")
            elif function in inputs:
                if set(event) != set(inputs[function]):
                    wrong.append(f"{where} is not shaped as the schedule's input")
            else:
                wrong.append(f"{where} is of no kind {function} gets")
        if function in inputs and inputs[function] not in events.values():
            wrong.append(f"the schedule's input is not among the events of {function}")
        for route in (it for it, owner in routes.items() if owner == function):
            if route not in {it.get("routeKey") for it in events.values()}:
                wrong.append(f"no event of {function} comes by {route}")
    return wrong


def http_event_faults(event, function, routes):
    """Complaints about one event of the gateway."""
    context = event.get("requestContext", {})
    http = context.get("http", {})
    route = event.get("routeKey")
    if routes.get(route) != function:
        yield f"{route} is not a route of {function}"
    if context.get("routeKey") != route or http.get("path") != event.get("rawPath"):
        yield "names two routes or two paths"
    if any(it != it.lower() for it in event.get("headers", {})):
        yield "has header names in capitals"
    if route != "$default":
        method, path = route.split(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if http.get("method") != method or not re.fullmatch(pattern, event.get("rawPath", "")):
            yield f"{http.get('method')} {event.get('rawPath')} does not match {route}"
        if bool(re.search(r"\{", path)) != ("pathParameters" in event):
            yield "path parameters and path differ"

