//! How every conditional write to one item is put together.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::Store;
use super::attributes::names;
use super::keys::Key;

impl Store {
    /// An update of one item under a condition. One that fails answers with the item, so that nobody has to read it.
    ///
    /// Placeholders of attributes are filled in, those of session ids are the caller's to add.
    pub(super) fn update<'v>(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'v str, AttributeValue)>,
    ) -> UpdateItemFluentBuilder {
        let values = values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(&format!("{update} {condition}"))))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}
