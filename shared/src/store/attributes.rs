//! Stored attribute names, mapped here and nowhere else.
//!
//! Names are one or two letters because DynamoDB bills them with every item: long names take a session's record from
//! 382 B to 1,111 B and double each write. Expressions use the words, as `#word` placeholders.

use std::collections::HashMap;

macro_rules! attributes {
    ($($constant:ident = $word:literal => $stored:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] #[allow(dead_code, reason = "some are named in expressions alone")] pub(super) const $constant: &str = $stored;)*
        const WORDS: &[(&str, &str)] = &[$(($word, $stored)),*];
        /// Word, stored name and meaning of every attribute, for the documentation's check.
        pub const TABLE: &[(&str, &str, &str)] = &[$(($word, $stored, $meaning)),*];
    };
}

attributes! {
    PARTITION_KEY = "pk" => "pk", "Partition key";
    SORT_KEY = "sk" => "sk", "Sort key";
    TTL = "ttl" => "t", "When DynamoDB may delete the item, epoch seconds";
    SCHEMA = "schema" => "e", "Schema version of the item";

    HISTORY_HASH = "history_hash" => "hk", "Index `history`: tenant and subject";
    HISTORY_RANGE = "history_range" => "hr", "Index `history`: start in milliseconds, then id";
    DUE_HASH = "due_hash" => "dh", "Index `due`: hour and shard";
    DUE_AT = "due_at" => "dt", "Index `due`: when something must happen, epoch milliseconds";

    SESSIONS = "sessions" => "m", "Guard: held sessions by compact id";
    REMOVALS = "removals" => "d", "Guard: reason codes of the sessions the last removal took, by compact id";
    REMOVED_AT = "removed_at" => "rl", "Guard: when the last removal happened, milliseconds";
    REMOVAL_COUNT = "removal_count" => "v", "Guard: removals so far";
    REVOKED_ALL_AT = "revoked_all_at" => "ra", "Guard: when all sessions were last ended at once, milliseconds";
    REVOKED_SESSIONS = "revoked_sessions" => "p", "Guard: what the last revoke-all ended";
    GONE = "gone" => "go", "Guard: the sessions that left since a create last saw them all, first 8 bytes of each id";
    CLOSED = "closed" => "gc", "Guard: up to which millisecond of ids no session is opened unseen";
    REVOKER_CLOCK = "revoker_clock" => "rv", "Guard: the issuer's clock, as the token showed it that last ended all sessions";
    PACE = "pace" => "pa", "Guard: the minute in which sessions are counted that are opened, the removals before it, the sessions held then";
    ERASED_AT = "erased_at" => "xa", "Guard, profile: when everything of its subject was last erased, milliseconds";

    CREATED_AT = "created_at" => "c", "When it was made, milliseconds";
    LAST_ACTIVITY = "last_activity" => "l", "Stored last activity, milliseconds";
    IDLE = "idle" => "i", "Idle timeout, seconds (in guards only those of versions before holdfast-risk-5)";
    ABSOLUTE_EXPIRY = "absolute_expiry" => "x", "Absolute expiry, milliseconds (in guards likewise)";
    FINGERPRINT = "fingerprint" => "f", "Fingerprint: sent (guard: 16-byte digest; record: text)";
    COMPUTED_FINGERPRINT = "computed_fingerprint" => "k", "Fingerprint: computed (guard)";
    IPV4 = "ipv4" => "a", "IPv4 address the session is held by, where it has no IPv6 one beside it (guard), address at creation (record)";
    IPV6 = "ipv6" => "b", "IPv6 /64 the session is held by, 8 bytes, and behind it the IPv4 address if there is one, 4 bytes";
    USER_AGENT = "user_agent" => "u", "User agent (guard: 8-byte digest; record: text)";
    RISK = "risk" => "r", "Score of the last validate (guards before holdfast-risk-5)";
    TRAIL = "trail" => "q", "Guard: timeouts, facts of the address the session is held by and what became of it since, packed";
    COUNTRY = "country" => "g", "Record: country named by the caller; facts: country code";
    ASN = "asn" => "n", "Facts: autonomous system of the address";
    LATITUDE = "latitude" => "w", "Facts: latitude, degrees";
    LONGITUDE = "longitude" => "z", "Facts: longitude, degrees";

    NETWORKS = "networks" => "qw", "Profile: autonomous systems, packed: digest, first day, last day, days, flags, who brought it, on how many days";
    COUNTRIES = "countries" => "qc", "Profile: countries, packed alike";
    DEVICES = "devices" => "qd", "Profile: devices, packed alike";
    EARLIER_NETWORKS = "earlier_networks" => "pw", "Profile before holdfast-risk-5: autonomous systems, packed: digest, first day, last day, days";
    EARLIER_COUNTRIES = "earlier_countries" => "pc", "Profile before holdfast-risk-5: countries, packed alike";
    EARLIER_DEVICES = "earlier_devices" => "pd", "Profile before holdfast-risk-5: devices, packed alike";
    SINCE = "since" => "ps", "Profile: first day something was learnt on, counted from 1970";
    LATEST = "latest" => "pl", "Profile: latest day something was learnt on";
    DAYS = "days" => "py", "Profile: on how many days something was learnt";
    REVISION = "revision" => "pv", "Profile: how often it was written";
    POSITION = "position" => "po", "Profile: the place in the stream up to which it has learnt";

    KIND = "kind" => "h", "Record: `h` for a held session, `o` for an observed one";
    OWNER = "owner" => "ow", "Reference: whose session it is, as guards are keyed";
    SUBJECT = "subject" => "s", "Record: the subject's name";
    SUBJECT_ISSUER = "subject_issuer" => "si", "Record: the subject's issuer, where it is part of the subject";
    ISSUER_CLOCK = "issuer_clock" => "ic", "Record: digest of the issuer, and how far its clock is ahead at most, milliseconds";
    CITY = "city" => "y", "Record: city named by the caller";
    OBSERVED_IP = "observed_ip" => "o", "Record: address the gateway saw";
    STARTED_AT = "started_at" => "st", "Record: when the session was opened, milliseconds, where that is not when the record was made";
    UPDATED_AT = "updated_at" => "ut", "Record, client: when it was last changed by a caller, milliseconds";
    REFERENCE_ID = "reference_id" => "ri", "Record: the caller's own id of the session; client: the tenant's name for it";
    LATEST_USER_AGENT = "latest_user_agent" => "lu", "Record: user agent of the latest accepted context, where it changed";
    DEVICE = "device" => "dv", "Record: what the caller told of the device";
    BROWSER = "browser" => "br", "Device: browser";
    BROWSER_VERSION = "browser_version" => "bv", "Device: version of the browser";
    OS = "os" => "ob", "Device: operating system";
    OS_VERSION = "os_version" => "ov", "Device: version of the operating system";
    DEVICE_TYPE = "device_type" => "ty", "Device: kind";
    SCREEN = "screen" => "sn", "Device: screen resolution";
    LANGUAGE = "language" => "la", "Device: language";
    TIME_ZONE = "time_zone" => "tz", "Device, facts: time zone";
    FACTS = "facts" => "fa", "Record: what was known of the address at creation";
    ABSENCE = "absence" => "ab", "Facts: why there is no place";
    COUNTRY_NAME = "country_name" => "cn", "Facts: country in English";
    REGION = "region" => "rg", "Facts: first subdivision in English";
    REGION_CODE = "region_code" => "rc", "Facts: first subdivision, code";
    RADIUS = "radius" => "rk", "Facts: radius of uncertainty, kilometres";
    ORGANISATION = "organisation" => "og", "Facts: holder of the autonomous system";
    ANONYMITY = "anonymity" => "am", "Facts: hosting, vpn, proxy, tor, relay: `y`, `n` or `-` each";
    VISITS = "visits" => "tv", "Record: digests of the visits its requests showed";
    VISITORS = "visitors" => "tk", "Record: the devices its requests showed";
    ENDED_AT = "ended_at" => "ea", "Record: when the session ended, milliseconds";
    END_REASON = "end_reason" => "er", "Record: why the session ended";
    END_NOTE = "end_note" => "en", "Record: the reason a caller gave";
    LAST_IP = "last_ip" => "li", "Record: latest accepted address when the session ended";
    SETTLED = "settled" => "es", "Record: the end was taken from the guard's history and is final";

    CLIENT_KIND = "client_kind" => "ck", "Client: individual or corporate, unless it is only known from its sessions";
    ALIAS = "alias" => "ni", "Client: nickname";
    ACTIVITY = "activity" => "av", "Client: whether it is active";
    ACCOUNT = "account" => "ac", "Client: how its account stands";
    TAGS = "tags" => "tg", "Client: the tenant's labels";
    CONTROLS = "controls" => "co", "Client: the tenant's control measures";

    SESSION_ID = "session_id" => "id", "Idempotency: the drawn session id";
    LEASE = "lease" => "ls", "Idempotency: until when the first request may still answer, milliseconds";
    BODY_DIGEST = "body_digest" => "bh", "Idempotency: SHA-256 of the request's body";
    ANSWER = "answer" => "an", "Idempotency: the stored answer";

    TENANT = "tenant" => "tn", "API key: its tenant";
    SECRET_DIGEST = "secret_digest" => "sd", "API key: SHA-256 of the secret";
    SCOPES = "scopes" => "sc", "API key: what it may do";
    REVOKED_AT = "revoked_at" => "ro", "API key: since when it is refused, milliseconds";
    ISSUER = "issuer" => "is", "Issuer: the `iss` of its tokens";
    JWKS_URL = "jwks_url" => "ju", "Issuer: where its keys are";
    AUDIENCES = "audiences" => "au", "Issuer: accepted audiences";
    ALGORITHMS = "algorithms" => "al", "Issuer: accepted algorithms";
    TENANTS = "tenants" => "ts", "Issuer: tenants it may speak for";
    TENANT_CLAIM = "tenant_claim" => "tc", "Issuer: the claim that names the tenant";
    NAMESPACED = "namespaced" => "ns", "Issuer: its subjects are kept apart";
    PARTITION = "partition" => "pn", "Tenant: its number inside PFIDs";
    MAX_CONCURRENT = "max_concurrent" => "mx", "Tenant: most sessions of a subject";
    AT_LIMIT = "at_limit" => "lp", "Tenant: what happens at the limit";
    ABSOLUTE_TIMEOUT = "absolute_timeout" => "at", "Tenant: absolute timeout preset";
    RISK_MODE = "risk_mode" => "rm", "Tenant: enforce or monitor";
    RISK_SUSPICIOUS = "risk_suspicious" => "rs", "Tenant: suspicious from this score on";
    RISK_STOLEN = "risk_stolen" => "rt", "Tenant: stolen from this score on";
    DENY = "deny" => "ld", "Tenant: addresses that are denied";
    ALLOW = "allow" => "lw", "Tenant: addresses that are allowed";
    EVIDENCE = "evidence" => "ev", "Tenant: what its backend sends with every request";
    TOKEN_MINUTES = "token_minutes" => "tl", "Tenant: how long a telemetry token can be exchanged, minutes";
    TELEMETRY_DAYS = "telemetry_days" => "td", "Tenant: how long telemetry is kept, days";
    KEY_REQUIRED = "key_required" => "kr", "Tenant: telemetry tokens are exchanged with an API key only";
    SINGLE_USE = "single_use" => "su", "Tenant: a telemetry token is exchanged once";
    KNOWN_CLIENTS_ONLY = "known_clients_only" => "kc", "Tenant: sessions are told of for known clients only";
    TRUST_USER_CONTEXT = "trust_user_context" => "tu", "Tenant: users' own tokens are believed about their context";
    ORIGINS = "origins" => "oo", "Site: the origins its pages have; tenant: those of pages that call with users' own tokens";
    ENABLED = "enabled" => "nb", "Site: whether it may send";

    DIGEST = "digest" => "dg", "Nonce: which visit used it";
    COUNT = "count" => "ct", "Rate: how many requests were reserved; device: how often it was seen; block: how often it was written";
    SEEN_AT = "seen_at" => "sl", "Device: when it was seen last, milliseconds";
    TRAITS = "traits" => "tr", "Visit, device, record: what the browser showed, packed; of a record the latest that was accepted";
    SHARED_BY = "shared_by" => "sj", "Device: digests of the subjects it was accepted for";
    CANDIDATES = "candidates" => "cd", "Block: the devices seen last, packed: id, when, what they showed";
    CLIENT = "client" => "ci", "Visit: the client id of its device";
    BUNDLE = "bundle" => "bu", "Visit: its datapoints, as they are answered";
    TAMPERED = "tampered" => "tp", "Visit: a claim of the browser is not true";
    USED_BY = "used_by" => "ub", "Visit: which request exchanged the token, where it can be used once";
    HOUR = "hour" => "ho", "Watermark: the oldest hour not yet drained";
}

/// The placeholders of `expression`: every `#word` of the table above.
///
/// Session ids have placeholders of their own, which the caller adds.
pub(super) fn names(expression: &str) -> HashMap<String, String> {
    expression
        .split('#')
        .skip(1)
        .filter_map(|rest| {
            let word: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let (_, stored) = WORDS.iter().find(|(known, _)| *known == word)?;
            Some((format!("#{word}"), (*stored).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_attributes_share_a_name() {
        let words: std::collections::HashSet<_> = TABLE.iter().map(|row| row.0).collect();
        let stored: std::collections::HashSet<_> = TABLE.iter().map(|row| row.1).collect();
        assert_eq!((words.len(), stored.len()), (TABLE.len(), TABLE.len()));
        assert!(stored.iter().all(|name| name.len() <= 2));
    }

    #[test]
    fn an_expression_names_what_it_uses() {
        let names = names("SET #sessions.#id.#last_activity = :now, #ttl = :ttl");
        assert_eq!(names.len(), 3);
        assert_eq!(names["#last_activity"], LAST_ACTIVITY);
    }

    #[test]
    fn the_data_model_lists_every_attribute_as_it_is_stored() {
        let document = include_str!("../../../docs/data-model.md");
        let (_, section) = document.split_once("## Attributes\n").unwrap();
        let documented: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
        let stored: Vec<_> = TABLE
            .iter()
            .map(|(word, stored, meaning)| format!("| `{word}` | `{stored}` | {meaning} |"))
            .collect();
        assert_eq!(documented, stored);
    }
}
