//! Every route with every kind of credential: what is let in, what it reaches, and whose pages may read the answer.

use serde_json::json;
use shared::face::pages::USER_ROUTES;
use shared::model::Scope;

use crate::client::{Answer, Call};
use crate::telemetry;
use crate::world::{CREATE, IP, USER_AGENT, World, opening, sighting};

const AUTH: &str = include_str!("../../docs/auth.md");
const ORIGIN: &str = "https://app.example.com";

/// A session of alice's and what belongs to it.
struct Target {
    session: String,
    telemetry: String,
}

/// Who asks.
struct Asking {
    title: &'static str,
    bearer: Option<String>,
    subject: Option<&'static str>,
}

impl Asking {
    fn put_on(&self, call: Call) -> Call {
        let call = match &self.bearer {
            Some(bearer) => call.bearer(bearer),
            None => call,
        };
        match self.subject {
            Some(subject) => call.subject(subject),
            None => call,
        }
    }
}

async fn everyone(world: &World) -> Vec<Asking> {
    let own: shared::model::TenantId = world.cloud.tenant().parse().unwrap();
    let rival = "rival".parse().unwrap();
    world.cloud.provide_tenant(&rival).await.unwrap();
    let key = async |tenant, scopes: &[Scope]| {
        let scopes = scopes.iter().copied().collect();
        Some(world.cloud.new_api_key(tenant, scopes).await.unwrap())
    };
    let asking = |title, bearer, subject| Asking {
        title,
        bearer,
        subject,
    };
    let writer = key(&own, &[Scope::SessionsWrite]).await;
    vec![
        asking("none", None, None),
        asking("user", Some(world.token("alice")), None),
        asking("another user", Some(world.token("bob")), None),
        asking(
            "user of another tenant",
            Some(world.token_with("rival", "alice", json!({}))),
            None,
        ),
        asking("`sessions:read`", key(&own, &[Scope::SessionsRead]).await, None),
        asking("`sessions:write`", writer.clone(), None),
        asking("the same, for the user", writer.clone(), Some("alice")),
        asking("the same, for another", writer, Some("bob")),
        asking("`sessions:admin`", key(&own, &[Scope::SessionsAdmin]).await, None),
        asking("`telemetry:read`", key(&own, &[Scope::TelemetryRead]).await, None),
        asking("`tenant:admin`", key(&own, &[Scope::TenantAdmin]).await, None),
        asking("all, of another tenant", key(&rival, &Scope::ALL).await, None),
    ]
}

/// Something of alice's on every face, made anew.
async fn target(world: &World) -> Target {
    let key = world.cloud.api_key();
    let client = world.post("/v1/clients/individuals?upsert=true").bearer(key);
    client.json(&json!({"referenceId": "alice"})).send().await;
    let opened = world.post(CREATE).bearer(key).subject("alice").json(&opening());
    Target {
        session: opened.send().await.json()["session_id"]
            .as_str()
            .unwrap()
            .to_owned(),
        telemetry: telemetry::visit(world).await,
    }
}

fn request(world: &World, route: &str, target: &Target) -> Call {
    let (method, path) = route.split_once(' ').unwrap();
    let session = target.session.as_str();
    let path = path
        .replace("{session_id}", session)
        .replace("{id}", session)
        .replace("{clientId}", "alice");
    let call = world.request(method, &path);
    let context = json!({"current_ip": IP, "current_user_agent": USER_AGENT});
    let body = match route {
        "POST /api/v1/sessions/create" => opening(),
        "POST /api/v1/sessions/fingerprint" => json!({"ip_address": IP, "user_agent": USER_AGENT}),
        "POST /api/v1/sessions/validate" => sighting(session),
        "POST /api/v1/sessions/logout" => json!({"session_id": session}),
        "POST /api/v1/sessions/{session_id}/step-up" => context,
        "POST /v1/sessions" => json!({"clientId": "alice", "ipAddress": IP, "device": {"fingerprint": "f"}}),
        "PUT /v1/sessions/{id}" => json!({"endedAt": "2999-01-01T00:00:00Z"}),
        "POST /v1/clients/individuals" | "POST /v1/clients/corporates" => json!({}),
        "PUT /v1/clients/individuals/{clientId}" => json!({"alias": "a"}),
        "POST /token/v1/client" | "POST /token/v1/clientId" | "POST /token/v2/verify" => {
            return call.body(target.telemetry.clone());
        }
        "POST /client" => return telemetry::sending(world, telemetry::telemetry().to_string()),
        _ => return call,
    };
    call.json(&body)
}

/// What came of it, in a word.
fn outcome(route: &str, answer: &Answer, target: &Target) -> &'static str {
    let refused = |name: &str| answer.text.contains(&format!(r#""{name}":false"#));
    match answer.status.as_u16() {
        401 => "401",
        403 => "403",
        404 | 409 => "404",
        400 | 422 if answer.text.to_lowercase().contains("holdfast-subject") => "names nobody",
        _ if !answer.status.is_success() => panic!("{route}: {answer:?}"),
        _ if refused("success") || refused("is_valid") => "not found",
        _ if route == "GET /api/v1/sessions/active" && !answer.text.contains(&target.session) => "own",
        _ if route == "GET /api/v1/session" && answer.json()["summaries"] == json!([]) => "own",
        _ => "yes",
    }
}

/// The routes, in the order of their paths.
fn routes(world: &World) -> Vec<String> {
    let routes = world.cloud.template().routes.iter();
    let mut routes: Vec<_> = routes
        .map(|it| it.key.clone())
        .filter(|it| it != "$default")
        .collect();
    routes.retain(|it| it != "OPTIONS /client");
    routes.sort_by_key(|it| {
        it.split_once(' ')
            .map(|(method, path)| (path.to_owned(), method.to_owned()))
    });
    routes
}

#[tokio::test]
async fn every_credential_reaches_on_every_route_what_the_documentation_says() {
    let world = World::with(&[
        ("AllowedOrigins", ORIGIN),
        ("TelemetryPerNetwork", "6000"),
        ("MaxConcurrentSessions", "25"),
        ("CreatesPerSubject", "1000"),
    ])
    .await;
    let everyone = everyone(&world).await;
    let titles: Vec<_> = everyone.iter().map(|it| it.title).collect();
    let mut table = format!(
        "| route | {} |\n|---|{}\n",
        titles.join(" | "),
        "---|".repeat(titles.len())
    );
    let mut users = Vec::new();
    for route in routes(&world) {
        table.push_str(&format!("| `{route}` |"));
        for asking in &everyone {
            let target = target(&world).await;
            let call = asking.put_on(request(&world, &route, &target));
            let public = route == "POST /client" || route == "POST /api/v1/sessions/fingerprint";
            let call = if public || route.contains("/token/") {
                call
            } else {
                call.header("origin", ORIGIN)
            };
            let answer = call.send().await;
            let is_foreign = asking.title.contains("another");
            assert!(
                !is_foreign || !answer.text.contains(&target.session),
                "{route}, {}: {answer:?}",
                asking.title
            );
            let outcome = outcome(&route, &answer, &target);
            table.push_str(&format!(" {outcome} |"));
            let readable = answer.header("access-control-allow-origin") == Some(ORIGIN);
            let of_a_user = asking.title.contains("user") && !asking.title.starts_with("the same");
            if of_a_user && outcome != "403" && !public && !route.contains("/token/") {
                assert!(readable, "{route}: {answer:?}");
                if asking.title == "user" {
                    users.push(route.clone());
                }
            }
            if asking.bearer.is_some() && !of_a_user {
                assert!(
                    !readable,
                    "what a key is answered is for no page, {route}: {answer:?}"
                );
            }
        }
        table.push('\n');
    }
    let mut listed: Vec<_> = USER_ROUTES
        .iter()
        .map(|it| format!("{} {}", it.method, it.path))
        .collect();
    listed.sort();
    users.sort();
    assert_eq!(
        users, listed,
        "preflights are answered for the routes that take a user's token"
    );
    assert!(AUTH.contains(&table), "docs/auth.md has another table:\n{table}");
    world.end().await;
}

#[tokio::test]
async fn a_page_reads_what_its_users_token_is_answered_where_its_origin_is_listed() {
    let world = World::with(&[("AllowedOrigins", ORIGIN)]).await;
    let path = "/api/v1/sessions/active";
    let token = world.token("alice");
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").map(str::to_owned);
    let preflight = |origin: &str, method: &str| {
        let call = world.request("OPTIONS", path).header("origin", origin);
        call.header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization")
    };
    let ask = |origin: &str, bearer: &str| world.request("GET", path).header("origin", origin).bearer(bearer);

    let admitted = preflight(ORIGIN, "GET").send().await;
    assert_eq!(
        (admitted.status.as_u16(), allowed(&admitted).as_deref()),
        (204, Some(ORIGIN))
    );
    for (name, value) in [
        ("vary", Some("Origin")),
        ("access-control-allow-methods", Some("GET")),
        ("access-control-allow-credentials", None),
    ] {
        assert_eq!(admitted.header(name), value, "{name}");
    }
    for (origin, method) in [(ORIGIN, "POST"), ("https://evil.example", "GET"), ("null", "GET")] {
        let refused = preflight(origin, method).send().await;
        assert_eq!(
            (refused.status.as_u16(), allowed(&refused)),
            (405, None),
            "{origin} {method}"
        );
    }

    for (bearer, status) in [(token.as_str(), 200), ("a.b.c", 401)] {
        let answer = ask(ORIGIN, bearer).send().await;
        assert_eq!(
            (answer.status.as_u16(), allowed(&answer).as_deref()),
            (status, Some(ORIGIN))
        );
        assert_eq!(answer.header("vary"), Some("Origin"));
        for origin in [
            "https://evil.example",
            "https://app.example.com.evil.example",
            "null",
            "*",
        ] {
            let answer = ask(origin, bearer).send().await;
            assert_eq!(
                (answer.status.as_u16(), allowed(&answer)),
                (status, None),
                "{origin}"
            );
            assert_eq!(answer.header("vary"), Some("Origin"));
        }
    }
    let key = ask(ORIGIN, world.cloud.api_key()).subject("alice").send().await;
    assert_eq!((key.status.as_u16(), allowed(&key)), (200, None));

    world.change_origins(&[]).await;
    let answer = ask(ORIGIN, &token).send().await;
    assert_eq!(
        (answer.status.as_u16(), allowed(&answer)),
        (200, None),
        "its tenant lists none"
    );
    world.end().await;
}

#[tokio::test]
async fn no_page_reads_anything_by_default() {
    let world = World::new().await;
    let path = "/api/v1/sessions/active";
    let preflight = world.request("OPTIONS", path).header("origin", ORIGIN);
    let preflight = preflight
        .header("access-control-request-method", "GET")
        .send()
        .await;
    assert_eq!(preflight.status, 405);
    let asked = world
        .request("GET", path)
        .header("origin", ORIGIN)
        .bearer(&world.token("alice"));
    for answer in [preflight, asked.send().await] {
        for name in answer.headers.keys() {
            assert!(
                !name.as_str().starts_with("access-control") && name != "vary",
                "{answer:?}"
            );
        }
    }
    world.end().await;
}

impl World {
    /// Sets the tenant's own list, and lets the functions read it.
    async fn change_origins(&self, origins: &[&str]) {
        use aws_sdk_dynamodb::types::AttributeValue;
        let list = origins
            .iter()
            .map(|it| AttributeValue::S((*it).to_owned()))
            .collect();
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let written = self.table().update_item().table_name(self.cloud.table());
        written
            .key("pk", text(&format!("{}#T", self.cloud.tenant())))
            .key("sk", text("tenant"))
            .update_expression("SET oo = :origins")
            .expression_attribute_values(":origins", AttributeValue::L(list))
            .send()
            .await
            .unwrap();
        // A new process: this one still knows the tenant as it was.
        self.cloud.kill("list-active-sessions").await.unwrap();
    }
}
