//! The trusted lists of a directory.

use tower_open_banking::eidas::trusted_list::TrustedServices;

use super::options::Options;

#[cfg(feature = "trusted-list")]
pub(super) fn services(options: &Options) -> Result<Option<TrustedServices>, String> {
    use tower_open_banking::cert::pem;
    use tower_open_banking::eidas::trusted_list::Import;

    let Some(directory) = &options.trusted_list else { return Ok(None) };
    let mut signers = Vec::new();
    for file in &options.signers {
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let found = pem::all_certificates(&bytes);
        signers.extend(found.map_err(|error| format!("{}: {error}", file.display()))?);
    }
    if signers.is_empty() {
        return Err("--trusted-list needs --signers: who signs the list of lists".to_owned());
    }
    let mut files = Vec::new();
    let entries = std::fs::read_dir(directory);
    for entry in entries.map_err(|error| format!("{}: {error}", directory.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
            files.push((path.display().to_string(), bytes));
        }
    }
    files.sort();
    let (lists_of_lists, lists): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(_, bytes)| is_list_of_lists(bytes));
    let import = Import::trusting(signers, options.at);
    let mut problem = "no list of lists is there".to_owned();
    // A directory may hold older and damaged ones beside the one that counts.
    for (name, bytes) in lists_of_lists.iter().rev() {
        match import.run(bytes, lists.clone()) {
            Ok(imported) => return Ok(Some(imported.services().clone())),
            Err(error) => {
                let why = std::error::Error::source(&error).map(ToString::to_string);
                problem = format!("{name}: {error}: {}", why.unwrap_or_default());
            }
        }
    }
    Err(problem)
}

/// By the type that the list calls itself, which stands before those that it points to. It is only a
/// guess: the import judges what the list really is.
#[cfg(feature = "trusted-list")]
fn is_list_of_lists(bytes: &[u8]) -> bool {
    let kind = bytes.windows(KIND.len()).position(|window| window == KIND);
    kind.and_then(|start| bytes.get(start + KIND.len()..))
        .is_some_and(|rest| rest.starts_with(b"EUlistofthelists"))
}

#[cfg(feature = "trusted-list")]
const KIND: &[u8] = b"TrstSvc/TrustedList/TSLType/";

#[cfg(not(feature = "trusted-list"))]
pub(super) fn services(options: &Options) -> Result<Option<TrustedServices>, String> {
    match options.trusted_list {
        Some(_) => Err("--trusted-list needs the feature `trusted-list`".to_owned()),
        None => Ok(None),
    }
}
