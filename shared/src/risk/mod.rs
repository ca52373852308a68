//! stub
use crate::model::*; use crate::policy::RiskPolicy;
#[derive(Debug, Clone, Copy)] pub struct Score(u8); impl Score { pub fn get(self)->u8 {self.0} }
#[derive(Debug, Clone)] pub struct Assessment; impl Assessment { pub fn score(&self)->Score {Score(0)} }
#[derive(Debug, Clone, Copy, PartialEq, Eq)] pub enum Action { Allow, StepUp, Refuse }
pub fn needs_record(_: &HeldSession, _: &Context)->bool {false}
pub fn assess(_: &HeldSession, _: Option<&SessionRecord>, _: &Context, _: Instant)->Assessment {Assessment}
pub fn decide(_: Score, _: &RiskPolicy)->Action {Action::Allow}
#[derive(serde::Serialize)] pub struct Explanation; impl Explanation { pub fn of(_: &Assessment, _: Action, _: &RiskPolicy)->Self {Self} }
