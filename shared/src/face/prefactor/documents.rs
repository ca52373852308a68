//! `openapi.yaml` against what this face really answers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::summary::tests::{ended, session, told};
use super::*;
use crate::auth::testing::{key_caller, user_caller};
use crate::face::Failure;
use crate::face::openapi::{self, document, printed, validator};
use crate::model::{Kind, Reason, Scope};

const FACE: &str = "Prefactor";

#[test]
fn every_reply_is_printed_as_its_example() {
    let examples = openapi::examples_of_replies(&document(), FACE);
    let same = |operation: &str, name: &str, reply: String| {
        let example = examples
            .iter()
            .find(|it| it.operation == operation && it.name == name)
            .unwrap();
        assert_eq!(reply, example.value.to_string(), "{operation} {name}");
    };
    let new = FetchReply::new(Actions { revoke: true }, told(&session()));
    same("fetch-session", "new", printed(&new));
    let revoked = FetchReply::new(Actions { revoke: false }, told(&ended(Reason::Revoked)));
    same("fetch-session", "revoked", printed(&revoked));
    let page = |size, sessions| Page { size, offset: 0 }.cut::<Summary>(sessions);
    let (summaries, pagination) = page(1, vec![told(&session()), told(&session())]);
    same(
        "list-sessions",
        "one",
        printed(&ListReply::new(summaries, pagination)),
    );
    let (summaries, pagination) = page(Page::USUAL, Vec::new());
    same(
        "list-sessions",
        "none",
        printed(&ListReply::new(summaries, pagination)),
    );
    let mut details = told(&session());
    details.status = "revoked";
    same(
        "revoke-fetched-session",
        "revoked",
        printed(&RevokeReply::new(details)),
    );
}

#[test]
fn every_example_fits_its_schema() {
    let document = document();
    let examples = openapi::examples_of_replies(&document, FACE);
    assert!(30 < examples.len());
    for example in examples {
        let schema = validator(&document, &example.schema);
        assert!(
            schema.is_valid(&example.value),
            "{} {}",
            example.operation,
            example.name
        );
    }
}

#[test]
fn every_error_is_documented_with_its_status_its_headers_and_an_example() {
    let document = document();
    let cause = || "x".into();
    let alice = user_caller("https://issuer.example.com", "alice", 1000);
    let backend = key_caller("k1", [Scope::SessionsWrite]);
    let refused = |query: &str, caller| ListInput::read(query, caller).unwrap_err();
    let pool = told(&session()).pool_id;
    let bobs = "authenticated_identity_id=123e4567-e89b-12d3-a456-426614174000";
    let errors = [
        (
            "PrefactorInvalid",
            session_id("active", alice.tenant.partition).unwrap_err(),
        ),
        ("PrefactorInvalid", refused("page_size=0&sorting=status", &alice)),
        ("PrefactorInvalid", refused("", &backend)),
        (
            "PrefactorInvalid",
            Error::unexpected_ref_type(Kind::Session, Kind::Pool),
        ),
        (
            "PrefactorInvalid",
            Error::BadRequest("the request cannot be read"),
        ),
        ("PrefactorUnauthenticated", Error::NotAuthenticated),
        ("PrefactorUnauthenticated", Error::BadAuthtoken),
        (
            "PrefactorNotPermitted",
            Error::NotPermitted("the credential lacks the scope sessions:write"),
        ),
        ("PrefactorNotPermitted", refused(bobs, &alice)),
        ("PrefactorTooMany", Error::TooMany { retry_after: 1 }),
        (
            "PrefactorNotPermitted",
            Error::NotPermitted("requests are answered at the service's public address alone"),
        ),
        ("PrefactorNotFound", Error::NotFound("session")),
        ("PrefactorNotFound", Error::NotFound("path")),
        (
            "PrefactorMethodNotImplemented",
            Error::MethodNotImplemented("GET".to_owned()),
        ),
        (
            "PrefactorInvalidAction",
            Error::InvalidAction("the session has ended, there is nothing to revoke"),
        ),
        ("PrefactorInvalidAction", Error::StillRunning { retry_after: 1 }),
        ("PrefactorUnexpected", Error::Unexpected(cause())),
        (
            "PrefactorNotImplemented",
            refused(&format!("pool_id={pool}"), &backend),
        ),
        ("PrefactorUnknown", Error::Unknown(cause())),
    ];
    let mut codes = BTreeSet::new();
    for (name, error) in errors {
        codes.insert(error.code());
        let response = &document["components"]["responses"][name];
        let content = &response["content"][error.content_type()];
        let body: Value = serde_json::from_str(&error.body()).unwrap();
        let mut examples = content["examples"].as_object().unwrap().values();
        assert!(examples.any(|it| it["value"] == body), "{name}: {body}");
        let schema = validator(&document, &content["schema"]);
        assert!(schema.is_valid(&body), "{name}: {body}");
        for (header, _) in error.headers() {
            let described = response["headers"].as_object().unwrap();
            let mut names = described.keys();
            assert!(
                names.any(|it| it.eq_ignore_ascii_case(header)),
                "{name}: {header}"
            );
        }
        let status = error.status().to_string();
        let reference = format!("#/components/responses/{name}");
        let operations = openapi::operations(&document, FACE);
        let mut answers = operations.iter().map(|(_, it)| &it["responses"][&status]["$ref"]);
        assert!(
            answers.any(|it| *it == reference),
            "{name} is the answer {status} of no operation"
        );
    }
    let published = &document["components"]["schemas"]["PrefactorError"]["properties"]["code"]["enum"];
    let published: BTreeSet<_> = published
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(codes, published, "all twelve codes can be said");
}

#[test]
fn the_document_names_one_operation_for_each_function() {
    let document = document();
    let operations = openapi::operations(&document, FACE);
    let named: BTreeSet<_> = operations.into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(
        named,
        ["fetch-session", "list-sessions", "revoke-fetched-session"].into()
    );
}
