//! `openapi.yaml` for the tests of the faces.

use serde_json::Value;

/// The document.
pub(super) fn document() -> Value {
    serde_norway::from_str(include_str!("../../../openapi.yaml")).unwrap()
}

/// An example of an answer.
pub(super) struct Example {
    pub(super) operation: String,
    pub(super) name: String,
    pub(super) schema: Value,
    pub(super) value: Value,
}

/// The examples of every answer, those of errors included.
pub(super) fn examples_of_replies(document: &Value, face: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    for (operation, described) in operations(document, face) {
        for response in described["responses"].as_object().unwrap().values() {
            let response = match response["$ref"].as_str() {
                Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
                None => response,
            };
            let content = &response["content"]["application/json"];
            for (name, example) in content["examples"].as_object().unwrap() {
                examples.push(Example {
                    operation: operation.to_owned(),
                    name: name.clone(),
                    schema: content["schema"].clone(),
                    value: example["value"].clone(),
                });
            }
        }
    }
    examples
}

/// Operations of a face, by the tag they have in the document, with their ids.
pub(super) fn operations<'a>(document: &'a Value, face: &str) -> Vec<(&'a str, &'a Value)> {
    let paths = document["paths"].as_object().unwrap().values();
    let all = paths.flat_map(|operations| operations.as_object().unwrap().values());
    all.filter(|operation| operation["tags"][0] == face)
        .map(|operation| (operation["operationId"].as_str().unwrap(), operation))
        .collect()
}

/// A schema of the document, ready to judge.
pub(super) fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A reply as it is sent.
pub(super) fn printed(reply: &impl serde::Serialize) -> String {
    serde_json::to_string(reply).unwrap()
}
