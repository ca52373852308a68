//! Schedules: an event at intervals.

use std::sync::Arc;

use axum::body::Bytes;

use crate::function::Function;
use crate::log::Log;
use crate::template::Schedule;

/// Fires until it is dropped. The first time is one interval after the start; a late one is not made up for.
pub(crate) async fn run(schedule: Schedule, function: Arc<Function>, log: Log) {
    let Some(every) = schedule.every else {
        log.line(format!(
            "{}: {} does not fire by itself here",
            function.spec().package,
            schedule.expression
        ));
        return;
    };
    loop {
        tokio::time::sleep(every).await;
        let event = Bytes::from(schedule.input.to_string());
        if let Err(failure) = function.invoke(event, None).await {
            log.line(format!(
                "{}: schedule {}: {failure:?}",
                function.spec().package,
                schedule.name
            ));
        }
    }
}
