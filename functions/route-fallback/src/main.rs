//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::config::Config;
use shared::runtime::{serve, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    let origins = Config::from_environment()?.policy.allowed_origins;
    serve(async |request, _| route_fallback::handle(&origins, &request)).await
}
