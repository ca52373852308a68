//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::{App, serve_events, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    let app = App::boot().await?;
    serve_events(async |event, deadline| cleanup_sessions::handle_event(&app, event, deadline).await).await
}
