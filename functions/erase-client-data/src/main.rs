//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::{App, serve, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    let app = App::boot().await?;
    serve(async |request, deadline| erase_client_data::handle(&app, &request, deadline).await).await
}
