use super::*;

const TEMPLATE: &str = include_str!("../../tests/template.yaml");

fn template() -> Template {
    Template::read(TEMPLATE, &BTreeMap::new()).unwrap()
}

#[test]
fn a_function_has_its_globals_and_its_own_settings() {
    let template = template();
    let echo = template.function("EchoFunction").unwrap();
    assert_eq!(echo.package, "echo");
    assert_eq!(echo.timeout, Duration::from_secs(2));
    assert_eq!(echo.memory_mb, 256);
    assert_eq!(echo.environment["HOLDFAST_TABLE"], "holdfast-local-Table");
    assert_eq!(echo.environment["HOLDFAST_MAX_CONCURRENT"], "5");
    assert_eq!(echo.environment["OWN"], "1");
    assert_eq!(echo.reserved_concurrency, None);

    let one = template.function("OneFunction").unwrap();
    assert_eq!(one.package, "echo");
    assert_eq!(one.timeout, Duration::from_secs(5));
    assert_eq!(one.reserved_concurrency, Some(1));
}

#[test]
fn parameters_override_defaults_and_conditions_decide_what_exists() {
    assert!(template().function("AbsentFunction").is_none());
    let parameters = BTreeMap::from([
        ("Limit".to_owned(), "9".to_owned()),
        ("WithAlarm".to_owned(), "yes".to_owned()),
    ]);
    let template = Template::read(TEMPLATE, &parameters).unwrap();
    assert_eq!(
        template.function("absent").unwrap().environment["HOLDFAST_MAX_CONCURRENT"],
        "9"
    );
}

#[test]
fn an_unknown_parameter_is_refused() {
    let parameters = BTreeMap::from([("Limits".to_owned(), "9".to_owned())]);
    let error = Template::read(TEMPLATE, &parameters).unwrap_err();
    assert!(error.to_string().contains("Limits"));
}

#[test]
fn routes_have_the_keys_and_throttles_of_the_gateway() {
    let template = template();
    let keys: Vec<&str> = template.routes.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "POST /api/v1/sessions",
            "GET /api/v1/sessions/{session_id}",
            "GET /api/v1/sessions/active",
            "ANY /files/{proxy+}",
            "GET /throttled",
            "$default",
            "POST /one",
        ]
    );
    let of = |key: &str| {
        let route = template.routes.iter().find(|it| it.key == key).unwrap();
        route.throttle.unwrap().burst
    };
    assert!((of("GET /throttled") - 2.0).abs() < f64::EPSILON);
    assert!((of("$default") - 200.0).abs() < f64::EPSILON);
}

#[test]
fn schedules_and_streams_are_read() {
    let template = template();
    let [schedule] = template.schedules.as_slice() else {
        panic!("one schedule");
    };
    assert_eq!(schedule.every, Some(Duration::from_mins(5)));
    assert_eq!(schedule.input, json!({"schedule": "cleanup-sessions"}));

    let [mapping] = template.mappings.as_slice() else {
        panic!("one mapping");
    };
    assert_eq!(mapping.table, "Table");
    assert_eq!(mapping.batch_size, 4);
    assert_eq!(mapping.start, Start::TrimHorizon);
    assert_eq!(mapping.retries, Some(1));
    assert!(mapping.reports_item_failures && mapping.bisects);
    assert_eq!(
        mapping.filters,
        [json!({"dynamodb": {"Keys": {"sk": {"S": ["guard"]}}}})]
    );
}

#[test]
fn a_table_becomes_the_request_that_creates_it() {
    let template = template();
    let [table] = template.tables.as_slice() else {
        panic!("one table");
    };
    assert_eq!(table.name, "holdfast-local-Table");
    assert_eq!(table.ttl_attribute.as_deref(), Some("t"));
    let create = &table.create;
    assert_eq!(create["StreamSpecification"]["StreamEnabled"], true);
    assert_eq!(
        create["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"],
        "KEYS_ONLY"
    );
    assert!(
        create["GlobalSecondaryIndexes"][0]
            .get("OnDemandThroughput")
            .is_none()
    );
    assert!(create.get("PointInTimeRecoverySpecification").is_none());
    assert!(create.get("DeletionProtectionEnabled").is_none());
}

#[test]
fn a_fault_is_named_with_its_place() {
    let table = [
        (
            "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: a, Timeout: long}}}",
            "F: ",
        ),
        (
            "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: a, Timeout: !Ref No}}}",
            "No",
        ),
        ("Parameters: {P: {Type: String}}", "parameter P"),
        ("a: [", "template: "),
    ];
    for (text, words) in table {
        let error = Template::read(text, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
