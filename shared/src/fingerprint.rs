//! stub
pub struct Inputs<'a> { pub user_agent: &'a str, pub accept_language: Option<&'a str>, pub screen_resolution: Option<&'a str>, pub timezone: Option<&'a str> }
#[derive(serde::Serialize)] pub struct Components {}
pub struct Fingerprint { pub hex: String, pub components: Components }
pub fn compute(_: &Inputs<'_>) -> Fingerprint { Fingerprint { hex: String::new(), components: Components{} } }
