//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::{App, DeadLetters, serve_events, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    let app = App::boot_write_only().await?;
    let letters = DeadLetters::from_environment();
    serve_events(async |event, _| settle_sessions::handle_event(&app, &letters, event).await).await
}
