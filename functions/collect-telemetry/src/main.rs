//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::{App, TokenKeys, serve, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    let (app, keys) = tokio::try_join!(App::boot_with_intelligence(), TokenKeys::boot())?;
    serve(async |request, deadline| collect_telemetry::handle(&app, &keys, &request, deadline).await).await
}
