//! The operations by their names on the wire, as the library's functions run them.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `run` with one line for each operation.
macro_rules! operations {
    ($($name:literal => $function:ident),+ $(,)?) => {
        /// The output of `operation`, as JSON; nothing when there is no such operation.
        pub(super) fn run(
            database: &Database,
            operation: &str,
            body: &str,
        ) -> Option<Result<String, DynoxideError>> {
            match operation {
                $($name => Some(
                    read(body)
                        .and_then(|input| database.$function(input))
                        .and_then(|output| write(&output)),
                ),)+
                _ => None,
            }
        }
    };
}

operations! {
    "CreateTable" => create_table,
    "DeleteTable" => delete_table,
    "DescribeTable" => describe_table,
    "ListTables" => list_tables,
    "UpdateTable" => update_table,
    "PutItem" => put_item,
    "GetItem" => get_item,
    "DeleteItem" => delete_item,
    "UpdateItem" => update_item,
    "Query" => query,
    "Scan" => scan,
    "BatchGetItem" => batch_get_item,
    "BatchWriteItem" => batch_write_item,
    "TransactWriteItems" => transact_write_items,
    "TransactGetItems" => transact_get_items,
    "ListStreams" => list_streams,
    "DescribeStream" => describe_stream,
    "GetShardIterator" => get_shard_iterator,
    "GetRecords" => get_records,
    "UpdateTimeToLive" => update_time_to_live,
    "DescribeTimeToLive" => describe_time_to_live,
    "ExecuteStatement" => execute_statement,
    "ExecuteTransaction" => execute_transaction,
    "BatchExecuteStatement" => batch_execute_statement,
    "TagResource" => tag_resource,
    "UntagResource" => untag_resource,
    "ListTagsOfResource" => list_tags_of_resource,
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| refusal(&error.to_string()))
}

fn write<T: Serialize>(output: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(output).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// DynamoDB tells a request that has no such shape from one whose values it does not take. The library's readers say which
/// by the beginning of their message; serde's own messages are told apart as the library does.
fn refusal(message: &str) -> DynoxideError {
    let message = match message.rfind(" at line ") {
        Some(end) => message.get(..end).unwrap_or(message),
        None => message,
    };
    let marked = message
        .split_once(':')
        .filter(|(mark, _)| !mark.is_empty() && mark.bytes().all(|it| it.is_ascii_uppercase() || it == b'_'));
    let of_values = [
        "missing field",
        "unknown variant",
        "invalid type: null",
        "AttributeValue",
    ];
    match marked {
        Some((mark, rest)) if mark.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(rest.to_owned())
        }
        Some((_, rest)) => DynoxideError::ValidationException(rest.to_owned()),
        None if of_values.iter().any(|it| message.contains(it)) => {
            DynoxideError::ValidationException(message.to_owned())
        }
        None => DynoxideError::SerializationException(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(operation: &str, body: &str) -> String {
        let database = Database::memory().unwrap();
        let error = run(&database, operation, body).unwrap().unwrap_err();
        error.error_type().rsplit('#').next().unwrap().to_owned()
    }

    #[test]
    fn what_a_request_lacks_is_told_as_dynamodb_tells_it() {
        let table = [
            (
                "GetItem",
                r#"{"TableName": "none", "Key": {"pk": {"S": "a"}}}"#,
                "ResourceNotFoundException",
            ),
            ("GetItem", r#"{"TableName": 1}"#, "SerializationException"),
            ("GetItem", "not JSON", "SerializationException"),
            (
                "PutItem",
                r#"{"TableName": "none", "Item": {"pk": {}}}"#,
                "ValidationException",
            ),
            (
                "PutItem",
                r#"{"TableName": "none", "Item": {"pk": {"S": "a", "N": "1"}}}"#,
                "ValidationException",
            ),
        ];
        for (operation, body, expected) in table {
            assert_eq!(kind(operation, body), expected, "{operation} {body}");
        }
    }

    #[test]
    fn an_operation_that_is_not_known_has_no_answer() {
        let database = Database::memory().unwrap();
        assert!(run(&database, "CreateBackup", "{}").is_none());
        assert!(run(&database, "", "{}").is_none());
    }
}
