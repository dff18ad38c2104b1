//! Ways to break the core on purpose, so that the simulation can show that it would notice.

/// One deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    ForgetToRespawn,
    DrainBeforeTheHandOver,
    LetGoBeforeTheHandOver,
    NeverAdopt,
    RetireBeforeTheSuccessorServes,
    KeepTheSurplus,
    WaitForeverForADrain,
    TalkToTheDead,
    FloodSlowWorkers,
    RepeatGenerations,
    ForgetTheDisappointed,
    AnswerTwice,
    LeaveTheSilentAlone,
    SpareTheHung,
    LendForEver,
    GiveColumnsAwayEarly,
    TrustEverySnapshot,
    LoseClientsOfTheDead,
    GiveClientsTwice,
    ForgetAnHeir,
    SeatTwoHeirs,
    CloseWhatWasInherited,
    BeginGenerationsAgain,
    TalkToStrangers,
}

impl Sabotage {
    pub(crate) const ALL: [Sabotage; 24] = [
        Sabotage::ForgetToRespawn,
        Sabotage::DrainBeforeTheHandOver,
        Sabotage::LetGoBeforeTheHandOver,
        Sabotage::NeverAdopt,
        Sabotage::RetireBeforeTheSuccessorServes,
        Sabotage::KeepTheSurplus,
        Sabotage::WaitForeverForADrain,
        Sabotage::TalkToTheDead,
        Sabotage::FloodSlowWorkers,
        Sabotage::RepeatGenerations,
        Sabotage::ForgetTheDisappointed,
        Sabotage::AnswerTwice,
        Sabotage::LeaveTheSilentAlone,
        Sabotage::SpareTheHung,
        Sabotage::LendForEver,
        Sabotage::GiveColumnsAwayEarly,
        Sabotage::TrustEverySnapshot,
        Sabotage::LoseClientsOfTheDead,
        Sabotage::GiveClientsTwice,
        Sabotage::ForgetAnHeir,
        Sabotage::SeatTwoHeirs,
        Sabotage::CloseWhatWasInherited,
        Sabotage::BeginGenerationsAgain,
        Sabotage::TalkToStrangers,
    ];
}
