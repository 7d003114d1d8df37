use super::super::test_services::{at, edition, granted, listed, services_of};
use super::*;
use crate::cert::test_pki::{DAY, ISSUING, NOW};

/// Imported an hour before `NOW`.
fn of(lists: &[(&str, u64, u64)]) -> TrustedServices {
    let lists = lists.iter().map(|(name, number, end)| edition(name, *number, *end)).collect();
    services_of(lists, vec![listed(&ISSUING.der(), [granted(NOW - DAY)])])
}

fn good() -> TrustedServices {
    of(&[("EU", 7, NOW + 90 * DAY), ("PT", 7, NOW + 60 * DAY)])
}

fn handle() -> QualifiedServices {
    QualifiedServices::new(good(), Duration::from_secs(DAY))
}

fn judged(handle: &QualifiedServices, now: u64) -> Result<u64, TooOld> {
    handle.current(at(now)).map(|edition| edition.number)
}

#[test]
fn an_import_tells_something_for_its_time() {
    let imported = NOW - 3600;
    for (now, verdict) in [
        (imported, Ok(0)),
        (imported - CLOCK_SKEW, Ok(0)),
        (imported - CLOCK_SKEW - 1, Err(TooOld::FromTheFuture)),
        (imported + DAY, Ok(0)),
        (imported + DAY + 1, Err(TooOld::Import)),
    ] {
        assert_eq!(judged(&handle(), now), verdict, "{now}");
    }
}

#[test]
fn the_list_of_lists_is_there_and_not_past_its_end() {
    let until = |end| QualifiedServices::new(of(&[("EU", 7, end), ("PT", 7, NOW)]), Duration::MAX);
    assert_eq!(judged(&until(NOW), NOW), Ok(0));
    assert_eq!(judged(&until(NOW - 1), NOW), Err(TooOld::ListOfLists));
    let grace = until(NOW - 10).allow_stale(Duration::from_secs(9));
    assert_eq!(judged(&grace, NOW - 1), Ok(0));
    assert_eq!(judged(&grace, NOW), Err(TooOld::ListOfLists));
    let without = QualifiedServices::new(of(&[("PT", 7, NOW + DAY)]), Duration::MAX);
    assert_eq!(judged(&without, NOW), Err(TooOld::ListOfLists));
}

#[test]
fn clones_share_what_is_put_in_the_place() {
    let (handle, later) = (handle(), of(&[("EU", 8, NOW + 90 * DAY), ("PT", 7, NOW + 60 * DAY)]));
    let clone = handle.clone();
    handle.replace(later).unwrap();
    assert_eq!(judged(&clone, NOW), Ok(1));
    assert_eq!(clone.current(at(NOW)).unwrap().services.list("EU").unwrap().sequence(), 8);
}

#[test]
fn an_older_list_does_not_come_back() {
    let handle = handle();
    let older = of(&[("EU", 8, NOW + 90 * DAY), ("PT", 6, NOW + 60 * DAY)]);
    let refused = NotNewer { territory: "PT".into(), sequence: 6, current: 7 };
    assert_eq!(handle.replace(older), Err(refused));
    assert_eq!(judged(&handle, NOW), Ok(0));
    assert_eq!(handle.replace(good()), Ok(()));
}
