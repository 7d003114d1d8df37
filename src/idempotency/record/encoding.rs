use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode};
use rustls_pki_types::UnixTime;

use super::Record;
use crate::idempotency::StoreError;

/// The version that is written; every version that was ever written is read.
const VERSION: u8 = 1;
const SENSITIVE: u8 = 1;

impl Record {
    /// The record as bytes, for a store that keeps it elsewhere: a version, the status, the time,
    /// each header behind its lengths, then the body.
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.size() + 16 + 8 * self.headers.len());
        bytes.put_u8(VERSION);
        bytes.put_u16(self.status.as_u16());
        bytes.put_u64(self.created_at.as_secs());
        bytes.put_u32(length(self.headers.len()));
        for (name, value) in &self.headers {
            bytes.put_u8(if value.is_sensitive() { SENSITIVE } else { 0 });
            bytes.put_u32(length(name.as_str().len()));
            bytes.put_slice(name.as_str().as_bytes());
            bytes.put_u32(length(value.len()));
            bytes.put_slice(value.as_bytes());
        }
        bytes.put_slice(&self.body);
        bytes.freeze()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreadable`] for anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let cut = |_| StoreError::Unreadable("a record that breaks off");
        if bytes.try_get_u8().map_err(cut)? != VERSION {
            return Err(StoreError::Unreadable("a record of an unknown version"));
        }
        let status = StatusCode::from_u16(bytes.try_get_u16().map_err(cut)?)
            .map_err(|_| StoreError::Unreadable("a record with an impossible status"))?;
        let created_at = bytes.try_get_u64().map_err(cut)?;
        let created_at = UnixTime::since_unix_epoch(Duration::from_secs(created_at));
        let count = bytes.try_get_u32().map_err(cut)?;
        let headers = (0..count).map(|_| header(&mut bytes)).collect::<Result<_, _>>()?;
        Ok(Self::restore(status, headers, Bytes::copy_from_slice(bytes), created_at))
    }
}

fn header(bytes: &mut &[u8]) -> Result<(HeaderName, HeaderValue), StoreError> {
    let invalid = || StoreError::Unreadable("a record with an impossible header");
    let flags = bytes.try_get_u8().map_err(|_| invalid())?;
    let name = HeaderName::from_bytes(text(bytes)?).map_err(|_| invalid())?;
    let mut value = HeaderValue::from_bytes(text(bytes)?).map_err(|_| invalid())?;
    value.set_sensitive(flags & SENSITIVE != 0);
    Ok((name, value))
}

fn text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], StoreError> {
    let cut = || StoreError::Unreadable("a record that breaks off");
    let length = bytes.try_get_u32().map_err(|_| cut())?;
    let length = usize::try_from(length).map_err(|_| cut())?;
    let (text, rest) = bytes.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(text)
}

/// Lengths here are of headers, which no server reads by the gigabyte; one that did not fit would
/// make a record that cannot be read back.
fn length(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CONTENT_TYPE, LOCATION};

    fn record() -> Record {
        let mut secret = HeaderValue::from_static("/payments/1");
        secret.set_sensitive(true);
        let headers =
            vec![(CONTENT_TYPE, HeaderValue::from_static("application/json")), (LOCATION, secret)];
        let at = UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000));
        Record::restore(StatusCode::CREATED, headers, Bytes::from_static(b"{\"Data\":1}"), at)
    }

    #[test]
    fn what_is_written_is_read() {
        let read = Record::from_bytes(&record().to_bytes()).unwrap();
        assert_eq!(read, record());
        assert!(read.headers()[1].1.is_sensitive());
    }

    #[test]
    fn a_record_that_breaks_off_in_its_head_is_not_read() {
        let bytes = record().to_bytes();
        let head = bytes.len() - record().body().len();
        for end in 0..head {
            assert!(Record::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn another_version_or_an_impossible_status_is_not_read() {
        for (at, byte) in [(0, 2), (1, 0xff)] {
            let mut bytes = record().to_bytes().to_vec();
            bytes[at] = byte;
            assert!(Record::from_bytes(&bytes).is_err());
        }
    }
}
