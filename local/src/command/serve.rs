//! `cargo local serve`: builds, serves, says how to use it, and ends cleanly.

use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::{Place, Serve};
use super::{options, root};
use crate::credentials::DEFAULT_SUBJECT;
use crate::state::write_private;
use crate::template::Template;
use crate::{Cloud, Error, intelligence, log, packages};

/// How often expired items are deleted; DynamoDB takes up to days.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

pub(super) async fn run(place: &Place, arguments: Serve) -> Result<(), Error> {
    let mut options = options(place)?;
    options.port = arguments.port;
    options.ephemeral = arguments.ephemeral;
    options.dynamodb_endpoint = arguments.dynamodb_endpoint;
    options.dynamodb_access_key = arguments.dynamodb_access_key;
    options.dynamodb_listen = arguments.dynamodb_listen;
    options.client_ip_header = arguments.client_ip_header;
    options.site_origins = arguments.site_origins;
    options.parameters = arguments.parameters.into_iter().collect();
    if arguments.intelligence.is_some() {
        options.intelligence = arguments.intelligence;
    }
    options.sweep_every = Some(SWEEP_EVERY);
    options.schedules = true;
    options.longest_backoff = Duration::from_secs(10);

    // Before anything is printed, so that no signal finds the default handler.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::io("signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::io("signals"))?;

    let template = Template::load(&options.template, &options.parameters)?;
    packages::build(
        &template,
        &root(&options.template),
        &options.binaries,
        &options.log,
    )?;
    let log = options.log.clone();
    log.line(intelligence::describe(options.intelligence.as_deref()));
    let cloud = Cloud::start(options).await?;
    let token = cloud.token(DEFAULT_SUBJECT)?;
    if let Some(file) = &arguments.ready_file {
        let ready = json!({
            "url": cloud.url(),
            "dynamodb_url": cloud.dynamodb_url(),
            "dynamodb_access_key": cloud.dynamodb_access_key(),
            "dynamodb_listen": cloud.dynamodb_listen(),
            "table": cloud.table(),
            "token": token,
            "api_key": cloud.api_key(),
            "tenant": cloud.tenant(),
            "site_key": cloud.site_key(),
        });
        write_private(file, &ready)?;
    }
    log::answer(&welcome(&cloud, &token));

    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    log.line("stopping ...");
    cloud.shutdown().await;
    if let Some(file) = &arguments.ready_file {
        // What it says is no longer true.
        drop(std::fs::remove_file(file));
    }
    Ok(())
}

fn welcome(cloud: &Cloud, token: &str) -> String {
    let sessions = format!("{}/api/v1/sessions", cloud.url());
    format!(
        r#"
Holdfast runs at {url}
Demo page        {url}/demo
DynamoDB at      {dynamodb}  (table {table}, access key id {access_key})
{containers}API key          {api_key}
Site key         {site_key}
Token of {DEFAULT_SUBJECT}   {token}

Open a session, validate it, list what {DEFAULT_SUBJECT} holds:

TOKEN={token}

ID=$(curl -sS {sessions}/create -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"ip_address":"203.0.113.10","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"}}' | tee /dev/stderr | sed -n 's/.*"session_id": *"\([^"]*\)".*/\1/p')

curl -sS {sessions}/validate -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{{\"session_id\":\"$ID\",\"current_ip\":\"203.0.113.10\",\"current_user_agent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0\"}}"

curl -sS {sessions}/active -H "Authorization: Bearer $TOKEN"
"#,
        url = cloud.url(),
        dynamodb = cloud.dynamodb_url(),
        access_key = cloud.dynamodb_access_key(),
        containers = cloud
            .dynamodb_listen()
            .map(|it| format!("    containers   {it}\n"))
            .unwrap_or_default(),
        table = cloud.table(),
        api_key = cloud.api_key(),
        site_key = cloud.site_key(),
    )
}
