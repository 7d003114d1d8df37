//! Loss of power: every write, sync and change of length of a run is recorded, and the disk rebuilt
//! as a crash may leave it at each of these moments. What was synced is there; of what came after
//! the last sync, any part may be, in any order, and the last write may be torn.

use super::*;

/// What was done to the disk.
#[derive(Clone, Debug)]
enum Event {
    Length(u64),
    Sync,
    Write(u64, Vec<u8>),
}

/// A disk that remembers how it came to be.
#[derive(Debug, Default)]
struct Recorder {
    bytes: Mutex<Vec<u8>>,
    events: Mutex<Vec<Event>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl StorageBackend for Shared<Recorder> {
    fn len(&self) -> io::Result<u64> {
        Ok(lock(&self.0.bytes).len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (offset, bytes) = (offset as usize, lock(&self.0.bytes));
        let from = bytes.get(offset..offset + out.len());
        out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        lock(&self.0.events).push(Event::Length(len));
        lock(&self.0.bytes).resize(len as usize, 0);
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        lock(&self.0.events).push(Event::Sync);
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        lock(&self.0.events).push(Event::Write(offset, data.to_vec()));
        apply(&mut lock(&self.0.bytes), offset, data);
        Ok(())
    }
}

fn apply(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let end = offset as usize + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset as usize..end].copy_from_slice(data);
}

fn disk(bytes: Vec<u8>) -> Shared<Recorder> {
    Shared(Arc::new(Recorder { bytes: Mutex::new(bytes), events: Mutex::default() }))
}

/// What the store has promised at a moment of the run: the events before it are on record.
struct Promise {
    events: usize,
    settled: HashMap<u64, Vec<u8>>,
    in_flight: Vec<u64>,
}

struct Run {
    events: Vec<Event>,
    promises: Vec<Promise>,
    /// Where the file existed: creation is whole or not at all by its own means.
    created: usize,
}

/// A run of claims, outcomes and releases, with bodies from nothing to several pages.
async fn run() -> Run {
    let disk = disk(Vec::new());
    let database = builder().create_with_backend(disk.copy()).unwrap();
    let store = FileStore::on(database).unwrap();
    take(&store, claim(1000, 0)).await;
    let created = lock(&disk.0.events).len();
    let (mut settled, mut in_flight) = (HashMap::new(), vec![1000]);
    let mut promises = Vec::new();
    let mut promise = |settled: &HashMap<u64, Vec<u8>>, in_flight: &[u64]| {
        let (settled, in_flight) = (settled.clone(), in_flight.to_vec());
        promises.push(Promise { events: lock(&disk.0.events).len(), settled, in_flight });
    };
    for id in 0..24 {
        let lease = take(&store, claim(id, id)).await;
        in_flight.push(id);
        promise(&settled, &in_flight);
        let body = vec![id as u8; [0, 100, 5_000, 20_000][id as usize % 4]];
        match id % 6 {
            4 => continue,
            5 => {
                in_flight.retain(|other| *other != id);
                promise(&settled, &in_flight);
                assert_eq!(store.release(&lease).await.unwrap(), Settlement::Done);
            }
            _ => {
                assert_eq!(store.settle(&lease, record(&body)).await.unwrap(), Settlement::Done);
                in_flight.retain(|other| *other != id);
                settled.insert(id, body);
            }
        }
        promise(&settled, &in_flight);
    }
    // Left open: a crash does not close the file.
    let events = lock(&disk.0.events).clone();
    drop(store);
    Run { events, promises, created }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The disk after a crash behind `events`: all that was synced, and what `reaches` the disk of the
/// rest.
fn crash(events: &[Event], mut reaches: impl FnMut(&Event, bool) -> Option<Event>) -> Vec<u8> {
    let synced = events.iter().rposition(|event| matches!(event, Event::Sync)).unwrap_or(0);
    let mut bytes = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let kept = match index < synced {
            true => Some(event.clone()),
            false => reaches(event, index + 1 == events.len()),
        };
        match kept {
            Some(Event::Length(length)) => bytes.resize(length as usize, 0),
            Some(Event::Write(offset, data)) => apply(&mut bytes, offset, &data),
            Some(Event::Sync) | None => {}
        }
    }
    bytes
}

/// Opens what the crash left and holds it to what was promised.
async fn check(bytes: Vec<u8>, promise: Option<&Promise>, when: &str, may_refuse: bool) {
    let database = match builder().create_with_backend(disk(bytes)) {
        Ok(database) => database,
        Err(_) if may_refuse => return,
        Err(error) => panic!("{when}: the file cannot be opened: {error}"),
    };
    let store = FileStore::on(database).unwrap();
    let Some(promise) = promise else { return };
    for (id, body) in &promise.settled {
        match store.claim(claim(*id, 60 * 60)).await {
            Ok(Claimed::Settled(record)) => assert_eq!(record.body(), body, "{when}: {id}"),
            other => panic!("{when}: outcome {id} is lost: {other:?}"),
        }
    }
    for id in &promise.in_flight {
        // The outcome may be on the disk although the store had not said so.
        match store.claim(claim(*id, 60 * 60)).await {
            Ok(Claimed::Abandoned { .. } | Claimed::Settled(_)) => {}
            other => panic!("{when}: claim {id} is lost: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_crash_at_any_write_loses_a_claim_or_an_outcome() {
    let run = run().await;
    let mut dice = Dice(4);
    let mut crashes = 0;
    for end in run.created..=run.events.len() {
        let events = &run.events[..end];
        let promise = run.promises.iter().rfind(|promise| promise.events <= end);
        let whole = crash(events, |event, _| Some(event.clone()));
        let synced = crash(events, |_, _| None);
        let torn = crash(events, |event, is_last| match event {
            Event::Write(offset, data) if is_last => {
                Some(Event::Write(*offset, data[..dice.throw(data.len() as u64) as usize].to_vec()))
            }
            event => Some(event.clone()),
        });
        let some = crash(events, |event, _| (dice.throw(2) == 0).then(|| event.clone()));
        let garbled = crash(events, |event, is_last| match event {
            Event::Write(offset, data) if is_last => {
                let mut data = data.clone();
                // A sector, not a byte: what was not written holds anything at all.
                let from = dice.throw(data.len() as u64) as usize / 512 * 512;
                data[from..].iter_mut().take(512).for_each(|byte| *byte ^= 0xa5);
                Some(Event::Write(*offset, data))
            }
            event => Some(event.clone()),
        });
        // A crash right after a sync leaves no freedom.
        let after_sync = matches!(events.last(), Some(Event::Sync));
        let cases = [("whole", whole), ("synced", synced), ("torn", torn), ("some", some)];
        for (kind, bytes) in cases.into_iter().chain([("garbled", garbled)]) {
            if after_sync && kind != "whole" {
                continue;
            }
            // A sector is written or not. If that of the header is destroyed, the file is refused.
            let is_header = matches!(events.last(), Some(Event::Write(..4096, _)));
            let may_refuse = kind == "garbled" && is_header;
            check(bytes, promise, &format!("event {end}, {kind}"), may_refuse).await;
            crashes += 1;
        }
    }
    assert!(run.promises.len() > 40 && crashes > 500, "{} {crashes}", run.promises.len());
    println!("{crashes} crashes at {} events", run.events.len() - run.created);
}

#[tokio::test]
async fn a_file_that_lost_its_tail_is_refused_or_whole() {
    let run = run().await;
    let promise = run.promises.last().unwrap();
    let whole = crash(&run.events, |event, _| Some(event.clone()));
    let mut refused = 0;
    for part in 1..64 {
        let cut = whole[..whole.len() * part / 64].to_vec();
        refused += usize::from(builder().create_with_backend(disk(cut.clone())).is_err());
        check(cut, Some(promise), &format!("{part} of 64"), true).await;
    }
    assert!(refused > 0);
}
