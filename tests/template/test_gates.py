"""Every gate passes on the project, and fails on a project with the fault it is there for."""

import json

import pytest

from gates import GATES
from project import Project

PROJECT = Project.load()


@pytest.mark.parametrize("gate", GATES, ids=lambda it: it.__name__)
def test_the_template_passes(gate):
    assert gate(PROJECT) == []


# Gate, what was in the template, what a mistake makes of it, a word of the complaint.
FAULTS = [
    ("routes_equal_openapi", "/sessions/create", "/sessions/open", "/sessions/open"),
    ("routes_equal_openapi", "Method: DELETE", "Method: PUT", "has no route"),
    ("unknown_paths_are_answered", "Properties: { ApiId: !Ref Api }", 'Properties: { ApiId: !Ref Api, Method: GET, Path: "/x" }', "default route"),
    ("every_route_is_throttled", "        GET /api/v1/sessions/active:\n", "        GET /api/v1/sessions/actve:\n", "differ"),
    ("every_route_is_throttled", "          ThrottlingRateLimit: !Ref ValidateRequestsPerSecond\n", "", "no throttle"),
    ("folders_functions_and_events_agree", "CodeUri: functions/logout-session", "CodeUri: functions/log-out", "functions/log-out"),
    ("functions_run_as_agreed", "provided.al2023", "provided.al2024", "provided.al2024"),
    ("functions_run_as_agreed", "Architectures: [!Ref Architecture]", "Architectures: [arm64]", "processor"),
    ("functions_run_as_agreed", "Handler: bootstrap", "Handler: main", "entered at main"),
    ("functions_run_as_agreed", "    Metadata: { BuildMethod: rust-cargolambda }\n", "", "cargo-lambda"),
    ("functions_run_as_agreed", "    Tracing: !Ref Tracing\n", "", "not traced"),
    ("http_functions_answer_before_the_gateway_gives_up", "Timeout: 25", "Timeout: 29", "CleanupSessionsFunction"),
    ("environment_is_the_agreed_one", "HOLDFAST_RISK_MODE:", "HOLDFAST_RISK_MOD:", "HOLDFAST_RISK_MOD"),
    ("environment_is_the_agreed_one", "HOLDFAST_TABLE: !Ref Table", 'HOLDFAST_TABLE: !Ref Table\n        HOLDFAST_LOOPBACK_JWKS: "true"', "LOOPBACK"),
    ("environment_is_the_agreed_one", "          HOLDFAST_TOKEN_KEYS: !Ref TokenKeys\n", "", "differ"),
    ("environment_is_the_agreed_one", "HOLDFAST_TOKEN_KEYS: !Ref TokenKeys", "HOLDFAST_TOKEN_KEYS: changeme", "not where they are"),
    ("environment_is_the_agreed_one", "Action: [secretsmanager:GetSecretValue]", "Action: [secretsmanager:DescribeSecret]", "differ"),
    ("environment_is_the_agreed_one", "          HOLDFAST_DEAD_LETTERS: !Ref SettleDeadLetters\n", "", "HOLDFAST_DEAD_LETTERS"),
    ("environment_is_the_agreed_one", "Action: [sqs:SendMessage]", "Action: [sqs:PurgeQueue]", "HOLDFAST_DEAD_LETTERS"),
    ("environment_is_the_agreed_one", "!If [HasDynamoDbEndpoint, !Ref DynamoDbEndpoint, !Ref AWS::NoValue]", "!Ref DynamoDbEndpoint", "absent by default"),
    ("environment_is_the_agreed_one", "        AWS_ENDPOINT_URL_DYNAMODB:", "        AWS_ENDPOINT_URL:", "not declared"),
    ("environment_is_the_agreed_one", "Default: \"\"\n    AllowedPattern: \"^(https://", "Default: \"https://a\"\n    AllowedPattern: \"^(https://", "default that is an endpoint"),
    ("permissions_name_what_they_permit", "dynamodb:BatchGetItem", "dynamodb:Batch*", "wildcard action"),
    ("permissions_name_what_they_permit", "${Table.Arn}/index/due", "${Table.Arn}/index/*", "wildcard resource"),
    ("permissions_name_what_they_permit", "              Resource: !GetAtt Table.Arn\n              Condition", '              Resource: "*"\n              Condition', "wildcard resource"),
    ("permissions_name_what_they_permit", '"ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["*#S', '"ForAnyValue:StringLike": { "dynamodb:LeadingKeys": ["*#S', "items of every kind"),
    ("permissions_name_what_they_permit", '"*#U#*", "ISS#*", "K#*", "W#due"]', '"*"]', "no gate knows: ['*']"),
    ("permissions_name_what_they_permit", "[dynamodb:GetItem, dynamodb:Query]", "[dynamodb:GetItem, dynamodb:PartiQLSelect]", "need not name"),
    ("no_function_may_write_credentials", "          - Effect: Deny\n", "          - Effect: Allow\n", "PutItem a tenant once"),
    ("no_function_may_write_credentials", '"ForAnyValue:StringLike": { "dynamodb:LeadingKeys": ["*#T", ', '"ForAnyValue:StringLike": { "dynamodb:LeadingKeys": [', "a tenant once"),
    ("no_function_may_write_credentials", '["*#T", "ISS#*", "K#*", "SITE#*"]', '["*#T", "K#*", "SITE#*"]', "an issuer once"),
    ("no_function_may_write_credentials", '["*#T", "ISS#*", "K#*", "SITE#*"]', '["*#T", "ISS#*", "SITE#*"]', "an API key once"),
    ("no_function_may_write_credentials", '["*#T", "ISS#*", "K#*", "SITE#*"]', '["*#T", "ISS#*", "K#*"]', "a site once"),
    ("no_function_may_write_credentials", '"ForAnyValue:StringLike": { "dynamodb:LeadingKeys": ["*#T"', '"ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["*#T"', "a tenant once"),
    ("no_function_may_write_credentials", "      Description: Keeps every", "      Roles: [someone]\n      Description: Keeps every", "is attached"),
    ("no_function_may_write_credentials", "              - dynamodb:PartiQLUpdate\n", "", "PartiQLUpdate"),
    ("no_function_may_write_credentials", "              - dynamodb:DeleteItem\n", "", "DeleteItem"),
    ("no_function_may_write_credentials", "    PermissionsBoundary: !Ref FunctionBoundary\n", "", "no boundary"),
    ("no_function_may_write_credentials", "      PermissionsBoundary: !Ref FunctionBoundary\n      ManagedPolicyArns", "      ManagedPolicyArns", "SettleSessionsFunction has no boundary"),
    ("no_function_may_write_credentials", '          - Effect: Allow\n            Action: "*"\n', '          - Effect: Allow\n            Action: dynamodb:*\n', "does not permit"),
    ("permissions_name_what_they_permit", "[dynamodb:Query]", "[dynamodb:Query, dynamodb:GetItem]", "more than Query"),
    ("permissions_name_what_they_permit", "[dynamodb:Query]", "[dynamodb:Scan]", "scan"),
    ("permissions_name_what_they_permit", "policy/AWSXrayWriteOnlyAccess", "policy/AdministratorAccess", "AdministratorAccess"),
    ("permissions_name_what_they_permit", "      Role: !GetAtt SettleSessionsRole.Arn\n", "", "AWSLambdaDynamoDBExecutionRole"),
    ("asynchronous_paths_have_dead_letters", "            DeadLetterConfig: { Arn: !GetAtt CleanupDeadLetters.Arn }\n", "", "no dead-letter queue"),
    ("asynchronous_paths_have_dead_letters", "          OnFailure: { Type: SQS, Destination: !GetAtt CleanupDeadLetters.Arn }", "          {}", "loses runs"),
    ("asynchronous_paths_have_dead_letters", "            DestinationConfig:\n              OnFailure: { Type: SQS, Destination: !GetAtt SettleDeadLetters.Arn }\n", "", "no dead-letter queue"),
    ("asynchronous_paths_have_dead_letters", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []", "whole batches"),
    ("asynchronous_paths_have_dead_letters", "BisectBatchOnFunctionError: true", "BisectBatchOnFunctionError: false", "poison"),
    ("asynchronous_paths_have_dead_letters", "MaximumRetryAttempts: 30", "MaximumRetryAttempts: -1", "without end"),
    ("asynchronous_paths_have_dead_letters", "MaximumRecordAgeInSeconds: 21600", "MaximumRecordAgeInSeconds: 86400", "forgets"),
    ("asynchronous_paths_have_dead_letters", "            RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 }\n", "", "retry policy"),
    ("logs_are_structured_quiet_and_forgotten", "RetentionInDays: !Ref LogRetentionDays", "Tags: []", "for ever"),
    ("logs_are_structured_quiet_and_forgotten", "LoggingConfig: { LogGroup: !Ref LogoutSessionLogs }", "LoggingConfig: { LogGroup: !Ref CreateSessionLogs }", "shared"),
    ("logs_are_structured_quiet_and_forgotten", "LogFormat: JSON", "LogFormat: Text", "JSON"),
    ("logs_are_structured_quiet_and_forgotten", "SystemLogLevel: WARN", "SystemLogLevel: INFO", "every start"),
    ("access_log_holds_no_person_and_no_secret", "$context.routeKey", "$context.identity.sourceIp", "sourceIp"),
    ("access_log_holds_no_person_and_no_secret", "$context.routeKey", "$context.path", "path"),
    ("access_log_holds_no_person_and_no_secret", '"$context.status",', '"$context.status"', "not JSON"),
    ("queues_are_encrypted_and_patient", "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false", "not encrypted"),
    ("queues_are_encrypted_and_patient", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 60", "forgets"),
    ("table_is_safe", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false", "deletion protection"),
    ("table_is_safe", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false", "recovery"),
    ("table_is_safe", "SSEEnabled: true", "SSEEnabled: false", "encryption"),
    ("table_is_safe", "TimeToLiveSpecification: { AttributeName: t,", "TimeToLiveSpecification: { AttributeName: ttl,", "expiry"),
    ("table_is_safe", "StreamViewType: NEW_AND_OLD_IMAGES", "StreamViewType: NEW_IMAGE", "stream"),
    ("table_is_safe", "    UpdateReplacePolicy: Retain\n", "", "Retain"),
    ("table_is_safe", "        MaxWriteRequestUnits: !Ref MaxWriteUnitsPerSecond\n", "", "cost ceiling"),
    ("nothing_has_a_fixed_name", "            OmitName: true\n", "", "CleanupSessionsFunctionSchedule"),
    ("nothing_has_a_fixed_name", "      BillingMode: PAY_PER_REQUEST", "      BillingMode: PAY_PER_REQUEST\n      TableName: holdfast", "holdfast"),
    ("resources_form_no_circle", "  CreateSessionFunction:\n", "  CreateSessionFunction:\n    DependsOn: ApiErrorsAlarm\n", "Api -> "),
    ("parameters_are_described_bounded_and_used", "    MinValue: 31\n", "", "bounds"),
    ("parameters_are_described_bounded_and_used", "HOLDFAST_RETENTION_DAYS: !Ref RetentionDays", "HOLDFAST_RETENTION_DAYS: 90", "use"),
    ("parameters_are_described_bounded_and_used", "[MaxConcurrentSessions, AtLimit,", "[MaxConcurrentSessions,", "AtLimit"),
    ("outputs_are_documented", "  ApiUrl:\n", "  ServiceUrl:\n", "ServiceUrl"),
    ("alarms_watch_everything_and_are_explained", "  CleanupSilenceAlarm:\n", "  CleanupQuietAlarm:\n", "CleanupQuietAlarm"),
    ("alarms_watch_everything_and_are_explained", "MetricName: IteratorAge", "MetricName: Duration", "IteratorAge"),
    ("alarms_watch_everything_and_are_explained", "MetricName: Throttles", "MetricName: Errors", "Throttles"),
    ("alarms_watch_everything_and_are_explained", "      AlarmActions: [!Ref AlarmTopicArn]\n", "", "tells nobody"),
    ("dashboard_shows_every_function", '"${SettleSessionsFunction}"', '"settle"', "SettleSessionsFunction"),
    ("dashboard_shows_every_function", '          "widgets": [', '          "widgets": [,', "not JSON"),
    ("events_are_what_the_template_sends", '{"schedule":"cleanup-sessions"}', '{"schedule":"clean"}', "schedule's input"),
    ("events_are_what_the_template_sends", "/sessions/logout", "/sessions/log-out", "logout"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "word"), FAULTS, ids=[f"{it[0]}-{it[3]}" for it in FAULTS])
def test_a_gate_sees_its_fault(name, right, wrong, word):
    assert right in PROJECT.text, "the fault has nothing to change"
    gate = next(it for it in GATES if it.__name__ == name)
    complaints = gate(Project.load(PROJECT.text.replace(right, wrong)))
    assert any(word in it for it in complaints), complaints


def test_every_gate_has_a_fault():
    assert {it.__name__ for it in GATES} == {it[0] for it in FAULTS}


def test_folders_and_events_without_a_function_are_seen():
    gate = next(it for it in GATES if it.__name__ == "folders_functions_and_events_agree")
    project = PROJECT.but(folders=PROJECT.folders | {"forgotten"}, events=PROJECT.events | {"stray": {}})
    assert ["functions/forgotten is in no function", "events/stray belongs to no function"] == [
        it for it in gate(project) if "forgotten" in it or "stray" in it
    ]


def test_an_operation_without_a_route_is_seen():
    gate = next(it for it in GATES if it.__name__ == "routes_equal_openapi")
    paths = {"/api/v1/sessions/forgotten": {"get": {}, "parameters": []}}
    complaints = gate(PROJECT.but(openapi={"paths": paths}))
    assert "GET /api/v1/sessions/forgotten is in openapi.yaml but has no route" in complaints
    assert "POST /api/v1/sessions/create has a route but is not in openapi.yaml" in complaints


def test_events_by_another_route_are_seen():
    gate = next(it for it in GATES if it.__name__ == "events_are_what_the_template_sends")
    event = json.loads(json.dumps(PROJECT.events["create-session"]["valid"]))
    event["rawPath"] = "/api/v1/sessions/validate"
    complaints = gate(PROJECT.but(events=PROJECT.events | {"create-session": {"valid": event}}))
    assert any("does not match" in it for it in complaints), complaints


def test_sam_itself_refuses_a_misspelt_event_property():
    wrong = PROJECT.text.replace("BisectBatchOnFunctionError", "BisectBatchOnFunctionErrr")
    with pytest.raises(ValueError, match="BisectBatchOnFunctionErrr"):
        Project.load(wrong)
