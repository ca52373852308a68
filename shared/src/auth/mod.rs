//! stub
use crate::model::*; use crate::policy::Policy; use crate::store::Credentials;
#[derive(Debug, thiserror::Error)] pub enum Error { #[error("x")] Missing, #[error("x")] Invalid, #[error("x")] Forbidden(&'static str), #[error("x")] SubjectMissing, #[error("x")] SubjectInvalid(&'static str), #[error("x")] Unavailable(#[source] Box<dyn std::error::Error+Send+Sync>) }
pub struct Caller { pub tenant: Tenant }
impl Caller {
 pub fn require(&self,_:Scope)->Result<(),Error>{Ok(())} pub fn require_any(&self,_:&[Scope])->Result<(),Error>{Ok(())} pub fn may(&self,_:Scope)->bool{true}
 pub fn subject(&self)->Result<&Subject,Error>{Err(Error::SubjectMissing)} pub fn named_subject(&self)->Option<&Subject>{None} pub fn session_claim(&self)->Option<&str>{None}
 pub fn is_backend(&self)->bool{true} pub fn context_is_trusted(&self)->bool{true} pub fn issued_at(&self)->Option<Instant>{None} pub fn credential_id(&self)->String{String::new()}
}
pub struct Authenticator; impl Authenticator { pub fn new(_:Credentials,_:Policy,_:bool)->Self{Self} pub async fn authenticate<'a>(&self,_:impl Fn(&str)->Option<&'a str>,_:Instant)->Result<Caller,Error>{Err(Error::Missing)} }
