//! What OpenSSL says of one chain.

use ::openssl::{
    error::ErrorStack,
    stack::Stack,
    x509::{
        X509, X509StoreContext, X509VerifyResult,
        store::{X509Store, X509StoreBuilder},
        verify::{X509VerifyFlags, X509VerifyParam},
    },
};

/// Why a chain does not hold, in OpenSSL's words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoChain(String);

/// Passes when OpenSSL takes these certificates, from the leaf over all the issuers to the anchor, for
/// a chain: signatures, path lengths and name constraints (RFC 5280, 6.1.3 (a) to (c), 6.1.4 (g), (l),
/// (m)).
///
/// Does **not** check dates, revocation, policies, extended key usages, the strength of algorithms and
/// keys, or how long the chain is.
pub(crate) fn judge_chain(leaf: &[u8], issuers: &[&[u8]], anchor: &[u8]) -> Result<(), NoChain> {
    match judge(leaf, issuers, anchor) {
        Ok(X509VerifyResult::OK) => Ok(()),
        Ok(refused) => Err(NoChain(refused.error_string().to_owned())),
        Err(error) => Err(NoChain(error.to_string())),
    }
}

fn judge(leaf: &[u8], issuers: &[&[u8]], anchor: &[u8]) -> Result<X509VerifyResult, ErrorStack> {
    let (leaf, store) = (X509::from_der(leaf)?, store(anchor)?);
    let mut untrusted = Stack::new()?;
    for issuer in issuers {
        untrusted.push(X509::from_der(issuer)?)?;
    }
    X509StoreContext::new()?.init(&store, &leaf, &untrusted, |context| {
        let verified = context.verify_cert()?;
        // A shorter chain is another one, with other constraints.
        let whole = context.chain().is_some_and(|chain| chain.len() == issuers.len() + 2);
        Ok(match verified && !whole {
            true => X509VerifyResult::APPLICATION_VERIFICATION,
            false => context.error(),
        })
    })
}

fn store(anchor: &[u8]) -> Result<X509Store, ErrorStack> {
    let mut parameters = X509VerifyParam::new()?;
    // The anchor ends the chain, whether or not it signed itself. Its dates do not count, and those of
    // the others are checked elsewhere.
    parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    let mut store = X509StoreBuilder::new()?;
    store.set_param(&parameters)?;
    store.add_cert(X509::from_der(anchor)?)?;
    Ok(store.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::test_pki::{Authority, ISSUING, ROOT};

    #[test]
    fn a_chain_holds_over_all_the_issuers_and_none_else() {
        let (leaf, of_root) = (ISSUING.issues(|_| {}), ROOT.issues(|_| {}));
        let (root, issuing) = (ROOT.der(), ISSUING.der());
        let namesake = Authority::root("Root").der();
        assert_eq!(judge_chain(&leaf, &[&issuing], &root), Ok(()));
        assert_eq!(judge_chain(&of_root, &[], &root), Ok(()));
        assert_eq!(judge_chain(&leaf, &[], &issuing), Ok(()), "an anchor below a root");
        for (what, chain) in [
            ("an issuer too many", judge_chain(&of_root, &[&issuing], &root)),
            ("an issuer too few", judge_chain(&leaf, &[], &root)),
            ("another anchor", judge_chain(&leaf, &[&issuing], &namesake)),
            ("no certificate", judge_chain(&leaf, &[b"none"], &root)),
        ] {
            assert!(chain.is_err(), "{what}");
        }
    }
}
