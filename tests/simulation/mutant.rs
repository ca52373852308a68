//! The store with one of its conditions broken: each must be caught.
//!
//! A mutant changes what is sent, on its way to the table, so that the code under test is the one that is shipped.

use std::collections::HashMap;

use serde_json::Value;

/// A fault that is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A create that has not seen the guard asks nothing of those that left.
    GoneForgotten,
    /// The same, and asks for the time of the last removal instead: the rule of equal clocks.
    RemovalsByClock,
    /// It asks nothing of the ids that are closed.
    ClosedForgotten,
    /// A create that has seen the guard asks nothing of removals since.
    SeenForgotten,
    /// A create asks for no room.
    RoomForgotten,
    /// The first session makes its guard over whatever stands there.
    FirstUnconditional,
    /// A judgement is written whether or not its session is still held.
    TouchUnconditional,
    /// A removal says nothing of what it took.
    RemovalSilent,
    /// A removal does not count.
    RemovalUncounted,
    /// A session is taken out as stolen whatever became of it since.
    JudgementForgotten,
    /// A create that has not seen the guard asks nothing of those that a revoke-all ended.
    RevokedForgotten,
    /// A revoke-all does not bind what is resumed.
    ResumedAllowed,
    /// Cleanup drops what was used since it looked.
    ExpiryUnconditional,
    /// What is evicted is not looked at again.
    EvictionUnconditional,
    /// A guard is read as it was before its last write.
    StaleRead,
    /// A revoke-all leaves what it ended in the guard.
    RevokeAllKeeps,
}

impl Mutant {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::GoneForgotten,
        Self::RemovalsByClock,
        Self::ClosedForgotten,
        Self::SeenForgotten,
        Self::RoomForgotten,
        Self::FirstUnconditional,
        Self::TouchUnconditional,
        Self::RemovalSilent,
        Self::RemovalUncounted,
        Self::JudgementForgotten,
        Self::RevokedForgotten,
        Self::ResumedAllowed,
        Self::ExpiryUnconditional,
        Self::EvictionUnconditional,
        Self::StaleRead,
        Self::RevokeAllKeeps,
    ];

    /// What the mutant answers without asking the table.
    pub(crate) fn is_stale(
        self,
        operation: &str,
        request: &Value,
        stale: &HashMap<String, Value>,
    ) -> Option<Value> {
        let reads_guard = operation == "GetItem" && request["Key"]["sk"]["S"] == "guard";
        let pk = request["Key"]["pk"]["S"].as_str()?;
        (self == Self::StaleRead && reads_guard).then(|| stale.get(pk).cloned())?
    }

    /// Changes a request.
    pub(crate) fn rewrite(self, request: &mut Value) {
        let text = |request: &Value, name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let mut condition = text(request, "ConditionExpression");
        let mut update = text(request, "UpdateExpression");
        let (condition_before, update_before) = (condition.clone(), update.clone());
        let unseen = condition.contains(":gone_id");
        let closed = "(attribute_not_exists(#closed) OR #closed < :drawn)";
        let gone =
            "(attribute_not_exists(#gone) OR (size(#gone) < :most_gone AND NOT contains(#gone, :gone_id)))";
        let revoked = "(attribute_not_exists(#revoked_sessions) OR size(#revoked_sessions) = :none)";
        let counted = "(attribute_not_exists(#removal_count) OR #removal_count = :seen_count)";
        let judged = "#sessions.#id.#last_activity = :seen \
             AND (#sessions.#id.#trail = :trail OR attribute_exists(#sessions.#id.#idle))";
        let always = "attribute_not_exists(nothing)";
        let is_removal = update.starts_with("SET #removals = :removals, #removed_at = :now");
        let is_revoke_all = update.contains("#revoked_all_at = :at");
        let withdraws = is_removal && condition.contains("attribute_not_exists(#sessions.#id)");
        match self {
            Self::GoneForgotten => condition = condition.replace(gone, always),
            Self::RemovalsByClock if unseen => {
                condition = condition.replace(gone, always).replace(
                    closed,
                    "(attribute_not_exists(#removed_at) OR #removed_at < :drawn)",
                );
                request["ExpressionAttributeNames"]["#removed_at"] = "rl".into();
            }
            Self::ClosedForgotten => condition = condition.replace(closed, always),
            Self::SeenForgotten => condition = condition.replace(counted, always),
            Self::RoomForgotten => {
                condition = condition.replace("size(#sessions) < :bound", "size(#sessions) < :large");
            }
            Self::FirstUnconditional
                if condition == "attribute_not_exists(#pk)" && request["Item"]["sk"]["S"] == "guard" =>
            {
                always.clone_into(&mut condition);
            }
            Self::TouchUnconditional
                if update.starts_with("SET #sessions.#id = :session, #ttl = :ttl")
                    && !update.contains("#schema") =>
            {
                "attribute_exists(#sessions)".clone_into(&mut condition);
            }
            Self::RemovalSilent if is_removal => update = update.replace(", #gone :gone", ""),
            Self::RemovalUncounted if is_removal => {
                update = update.replace("ADD #removal_count :one, #gone :gone", "ADD #gone :gone");
            }
            Self::JudgementForgotten if is_removal && !withdraws => {
                condition = condition.replace(&format!(" AND {judged}"), "");
            }
            Self::RevokedForgotten => condition = condition.replace(revoked, always),
            Self::ResumedAllowed if unseen => {
                request["ExpressionAttributeValues"][":authorised"] =
                    serde_json::json!({"N": "9999999999999"});
            }
            Self::ExpiryUnconditional if condition.contains(":seen_size") => {
                always.clone_into(&mut condition);
            }
            Self::EvictionUnconditional
                if condition.contains(":seen_count") && condition.contains("#old0") =>
            {
                let (kept, _) = condition.split_once(" AND #sessions.#old0").unwrap();
                condition = kept.replace(counted, always);
            }
            Self::RevokeAllKeeps if is_revoke_all => update = update.replace(", #sessions = :none", ""),
            _ => {}
        }
        if self == Self::RoomForgotten && !condition_before.is_empty() {
            request["ExpressionAttributeValues"][":large"] = serde_json::json!({"N": "99"});
        }
        if condition != condition_before {
            request["ConditionExpression"] = condition.into();
        }
        if update != update_before {
            request["UpdateExpression"] = update.into();
        }
    }
}
