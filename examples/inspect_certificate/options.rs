//! What the command line says.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::UnixTime;
use tower_open_banking::cert::time;

pub(super) struct Options {
    pub(super) json: bool,
    pub(super) at: UnixTime,
    pub(super) files: Vec<String>,
    pub(super) anchors: Vec<PathBuf>,
    pub(super) trusted_list: Option<PathBuf>,
    pub(super) signers: Vec<PathBuf>,
    pub(super) crls: Vec<PathBuf>,
    pub(super) ocsp: bool,
    pub(super) responders: Vec<String>,
}

impl Options {
    pub(super) fn read(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = arguments
            .map(OsString::into_string)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|argument| format!("{argument:?} is no text"))?
            .into_iter();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut read = Self {
            json: false,
            at: UnixTime::since_unix_epoch(now),
            files: Vec::new(),
            anchors: Vec::new(),
            trusted_list: None,
            signers: Vec::new(),
            crls: Vec::new(),
            ocsp: false,
            responders: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--json" => read.json = true,
                "--ocsp" => read.ocsp = true,
                "--at" => {
                    let at = value()?;
                    read.at = time::from_rfc3339(&at)
                        .ok_or_else(|| format!("{at:?} is no time such as 2024-04-11T14:16:55Z"))?;
                }
                "--anchors" => read.anchors.push(value()?.into()),
                "--crl" => read.crls.push(value()?.into()),
                "--responder" => read.responders.push(value()?),
                "--signers" => read.signers.push(value()?.into()),
                "--trusted-list" => read.trusted_list = Some(value()?.into()),
                "--" => read.files.extend(arguments.by_ref()),
                option if option.starts_with('-') => return Err(format!("no option {option:?}")),
                _ => read.files.push(argument),
            }
        }
        if read.files.is_empty() {
            return Err("no file given".to_owned());
        }
        Ok(read)
    }

    /// Whether more is asked than what the certificate says of itself.
    pub(super) fn wants_verdict(&self) -> bool {
        self.ocsp || !self.crls.is_empty()
    }
}
