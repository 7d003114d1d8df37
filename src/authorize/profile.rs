//! What the profiles demand of an authorisation request, as tables.

use super::response_type::{ResponseMode, ResponseType};
use crate::crypto::Algorithm;

/// What a profile demands of an authorisation request.
#[derive(Clone, Copy, Debug)]
pub struct RequestProfile {
    /// Its name, for the log.
    pub(super) name: &'static str,
    /// How a request may come by value.
    pub(super) by_value: ByValue,
    /// How a request may be pushed.
    pub(super) pushed: Pushed,
    /// The algorithms of request objects.
    pub(super) algorithms: &'static [Algorithm],
    /// The response types, each with its response modes; `None` is the mode that goes without
    /// saying.
    pub(super) answers: &'static [(ResponseType, &'static [Option<ResponseMode>])],
    /// When PKCE is due; it is S256 wherever it comes.
    pub(super) pkce: PkceDue,
    /// Whether `nonce` is due with the scope `openid`, and `state` without it.
    pub(super) wants_nonce_or_state: bool,
    /// Whether the request names the consent to authorise.
    pub(super) wants_intent: bool,
    /// Whether `id_token_hint` is taken.
    pub(super) takes_id_token_hint: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ByValue {
    /// Not at all: the request must be pushed.
    Refuse,
    /// As a signed object.
    Sign,
    /// As a signed object inside an encrypted one.
    SignAndEncrypt,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pushed {
    /// As parameters or as a signed object.
    Any,
    /// As a signed object.
    Signed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PkceDue {
    Always,
    WhenPushed,
}

impl RequestProfile {
    /// FAPI 1.0 Advanced, 5.2.2 and 8.6: a signed object by value or pushed; `code id_token`, or
    /// `code` with `response_mode=jwt`; PKCE where the request is pushed (5.2.2, 18). Nonce and
    /// state by FAPI 1.0 Baseline, 5.2.2.2 and 5.2.2.3.
    pub const FAPI1: Self = Self {
        name: "FAPI 1.0 Advanced",
        by_value: ByValue::Sign,
        pushed: Pushed::Signed,
        algorithms: &[Algorithm::Ps256, Algorithm::Es256],
        answers: &[
            (ResponseType::CodeIdToken, &[None, Some(ResponseMode::Fragment)]),
            (ResponseType::Code, &[Some(ResponseMode::Jwt)]),
        ],
        pkce: PkceDue::WhenPushed,
        wants_nonce_or_state: true,
        wants_intent: false,
        takes_id_token_hint: true,
    };

    /// FAPI 2.0 Security Profile, 5.3.2.2: pushed, as parameters or as a signed object; `code`; PKCE.
    pub const FAPI2: Self = Self {
        name: "FAPI 2.0 Security Profile",
        by_value: ByValue::Refuse,
        pushed: Pushed::Any,
        algorithms: &[Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa],
        answers: &[(ResponseType::Code, &[None, Some(ResponseMode::Query)])],
        pkce: PkceDue::Always,
        wants_nonce_or_state: false,
        wants_intent: false,
        takes_id_token_hint: true,
    };

    /// FAPI 2.0 Message Signing, 5.3 and 5.4: as the security profile, signed, and JARM where the
    /// client asks for it.
    pub const FAPI2_MESSAGE_SIGNING: Self = Self {
        name: "FAPI 2.0 Message Signing",
        pushed: Pushed::Signed,
        answers: &[(
            ResponseType::Code,
            &[
                None,
                Some(ResponseMode::Query),
                Some(ResponseMode::Jwt),
                Some(ResponseMode::QueryJwt),
            ],
        )],
        ..Self::FAPI2
    };

    /// UK Read/Write API, security profile: FAPI 1.0 Advanced, and the consent to authorise in
    /// `openbanking_intent_id`.
    pub const OBIE: Self = Self { name: "OBIE", wants_intent: true, ..Self::FAPI1 };

    /// Open Finance Brasil, security profile: FAPI 1.0 Advanced, encrypted where the request comes by
    /// value, without `id_token_hint`, which holds personal data.
    pub const BRASIL: Self = Self {
        name: "Open Finance Brasil",
        by_value: ByValue::SignAndEncrypt,
        takes_id_token_hint: false,
        ..Self::FAPI1
    };
}
