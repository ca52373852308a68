//! stub
use crate::model::*; use serde::Serialize; use super::*;
#[derive(Debug, thiserror::Error)] pub enum Error { #[error("x")] Fault(#[from] Fault), #[error("x")] Auth(#[from] crate::auth::Error), #[error("x")] Store(#[from] crate::store::Error), #[error("x")] Entropy(#[from] crate::clock::EntropyError), #[error("x")] Open(#[from] crate::service::OpenError), #[error("x")] RequestRunning, #[error("x")] SessionNotFound, #[error("x")] V }
impl Error { pub fn header(_:&'static str,_:&str,_:&str)->Self{Self::V} }
impl Failure for Error { fn status(&self)->u16{500} fn headers(&self)->Vec<(&'static str,String)>{vec![]} fn body(&self)->String{String::new()} fn content_type(&self)->&'static str{""} }
macro_rules! i { ($n:ident {$($f:ident : $t:ty),*}) => { pub struct $n { $(pub $f: $t),* } impl $n { pub fn read(_:&[u8])->Result<Self,Error>{Err(Error::V)} } } }
i!(FingerprintInput{user_agent:String,ip_address:String,accept_language:Option<String>,screen_resolution:Option<String>,timezone:Option<String>});
i!(CreateInput{ip_address:String,user_agent:String,device_fingerprint:Option<String>,geo_country:Option<String>,geo_city:Option<String>,idle_timeout_minutes:u32});
i!(ValidateInput{session_id:String,current_ip:String,current_user_agent:String,current_fingerprint:Option<String>});
i!(LogoutInput{session_id:String,revoke_all:bool});
i!(RevokeInput{reason:String});
#[derive(Serialize)] pub struct FingerprintReply<C:Serialize>{pub fingerprint:String,pub components:C}
#[derive(Serialize)] pub struct CreateReply{} impl CreateReply { pub fn opened(_:SessionId,_:String,_:Instant)->Self{Self{}} pub fn refused(_:&'static str)->Self{Self{}} }
#[derive(Serialize)] pub struct ValidateReply{} impl ValidateReply { pub fn not_held(_:&str,_:bool)->Self{Self{}} pub fn judged(_:&str,_:bool,_:bool,_:u8)->Self{Self{}} pub fn explained(self,_:&crate::risk::Explanation<'_>)->Self{self} }
#[derive(Serialize)] pub struct ActiveReply{} impl ActiveReply { pub fn of(_:&[crate::service::ActiveSession],_:Option<SessionId>,_:usize)->Self{Self{}} }
#[derive(Serialize)] pub struct LogoutReply{} impl LogoutReply { pub fn ended(_:usize,_:bool)->Self{Self{}} pub fn not_held(_:bool)->Self{Self{}} }
pub fn revoked()->impl Serialize{1} pub fn cleaned(_:u64)->impl Serialize{1}
