//! Broken and hostile input.

use std::{env, fs};

use super::*;

/// Verifies everything, so that damage gets as deep as it can.
fn anything(_: &[u8], _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
    Ok(())
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_response_passes_or_panics() {
    let delegate = delegate(&ISSUING, |_| {});
    let mut response = delegated(&delegate);
    response.extensions = vec![extension(NONCE, false, &tlv(4, &[&[7; 32]]))];
    let whole = response.signed_by(&delegate);
    let how = Reading { sent_nonce: Some(&[7; 32]), ..reading() };
    assert!(read(&whole, &how).is_ok());
    for length in 0..whole.len() {
        assert!(read(&whole[..length], &how).is_err(), "{length}");
    }
    for byte in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << (byte % 8);
        let _ = read_verified_by(anything, &damaged, &how);
        assert!(read(&damaged, &how).is_err(), "{byte}");
    }
}

#[test]
fn no_damage_to_the_corpus_panics() {
    let Some(cases) = corpus::cases() else { return };
    let mut fed = 0;
    for case in &cases {
        for length in 0..case.response.len() {
            let _ = read_verified_by(anything, &case.response[..length], &case.reading());
            let mut damaged = case.response.clone();
            damaged[length] ^= 0xff;
            let _ = read_verified_by(anything, &damaged, &case.reading());
            damaged[length] ^= 0xfe;
            let _ = read_verified_by(anything, &damaged, &case.reading());
            fed += 3;
        }
    }
    println!("revocation/ocsp: {fed} damaged responses without a panic");
}

#[test]
fn no_seed_of_a_fuzzer_panics() {
    let Ok(root) = env::var("OPEN_BANKING_TESTDATA") else {
        println!("left out: fuzz-seeds, because OPEN_BANKING_TESTDATA is not set");
        return;
    };
    let (mut seeds, mut fed) = (0, 0);
    for folder in fs::read_dir(format!("{root}/fuzz-seeds")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.file_name().unwrap().to_string_lossy().contains("ocsp") {
            continue;
        }
        for file in fs::read_dir(folder).unwrap() {
            let seed = fs::read(file.unwrap().path()).unwrap();
            seeds += 1;
            // Seeds are whole responses, or one of three parts of one.
            for response in
                [seed.clone(), good().wrap(&seed), around_data(&seed), around_single(&seed)]
            {
                fed += 1;
                assert!(read(&response, &reading()).is_err());
                for length in 0..response.len().min(600) {
                    let _ = read_verified_by(anything, &response[..length], &reading());
                }
                let _ = read_verified_by(anything, &response, &reading());
            }
        }
    }
    assert_ne!(seeds, 0);
    println!("fuzz-seeds: {seeds} of OCSP in {fed} responses without a panic");
}

#[test]
fn hostile_sizes_take_no_longer_than_their_length() {
    // Nested, long, and of very many parts; a quadratic reader would be seen to hang here.
    let mut nested = Vec::new();
    for _ in 0..5000 {
        nested = tlv(0x30, &[&nested]);
    }
    assert!(said(&good().wrap(&nested)).is_err());
    assert!(said(&vec![0x30; 10 << 20]).is_err());
    assert!(said(&tlv(0x30, &[&vec![0; 10 << 20]])).is_err());

    let mut crowded = good();
    let mut other = crowded.singles[0].clone();
    other.name_hash[0] ^= 1;
    crowded.singles.extend(vec![other; 20_000]);
    crowded.extensions = vec![extension("1.2.3.4", false, &[]); 20_000];
    crowded.certificates = vec![ROOT.der().to_vec(); 2000];
    assert_eq!(verdict(&crowded), PASSES);
}

/// A `ResponseData` as if it had been signed.
fn around_data(data: &[u8]) -> Vec<u8> {
    good().wrap(&tlv(0x30, &[data, &tlv(0x30, &[ECDSA_SHA256]), &[3, 2, 0, 0]]))
}

/// A `SingleResponse` in the place of all.
fn around_single(single: &[u8]) -> Vec<u8> {
    let produced = tlv(0x18, &[b"20260601110000Z"]);
    around_data(&tlv(0x30, &[&by_name(&ISSUING), &produced, &tlv(0x30, &[single])]))
}
