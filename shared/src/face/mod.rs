//! stub
pub mod bitcain;
#[derive(Debug, thiserror::Error)] pub enum Fault { #[error("x")] MalformedEvent(crate::runtime::http::MalformedEvent), #[error("x")] OutOfTime }
pub trait Failure: std::error::Error + From<Fault> + 'static { fn status(&self)->u16; fn headers(&self)->Vec<(&'static str,String)>; fn body(&self)->String; fn content_type(&self)->&'static str; }
