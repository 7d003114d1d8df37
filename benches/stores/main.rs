//! What a store costs: claim and settle, by one task and by sixteen, beside the floor that the same
//! machine sets in the same run, taken in turns; what a retry costs beside the first request; and the
//! room that a record takes.
//!
//! `cargo bench --features full --bench stores`. The file and the servers' data are in the
//! directory of temporary files: see that it is on the disk that matters (`TMPDIR`). No time is
//! asserted.

mod replay;
#[path = "../../tests/stores/server.rs"]
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_open_banking::idempotency::{
    Claim, Claimant, Claimed, FileStore, Fingerprint, IdempotencyStore, MemoryStore, PostgresStore,
    Record, RedisStore, Settlement, StoreKey,
};
use tower_open_banking::pki_types::UnixTime;

use server::{Directory, Server};

type Store = Arc<dyn IdempotencyStore>;

static NEXT: AtomicU64 = AtomicU64::new(0);

fn main() {
    // Only where benchmarks are wanted, not where `cargo test` wants to know that they build.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        println!("claim + settle, 500 byte outcome: median of {ROUNDS} rounds taken in turns\n");
        memory().await;
        file().await;
        redis().await;
        postgres().await;
    });
}

async fn memory() {
    let store: Store = Arc::new(MemoryStore::with_capacity(10_000_000).total_limit(1 << 40));
    // The floor: the two boxed futures, polled once each, that any store costs.
    let floor = async |_| {
        for _ in 0..2 {
            black_box(Box::pin(std::future::ready(black_box(1)))).await;
        }
    };
    compare("memory", "two ready futures", &store, 2_000, floor).await;
    replay::compare(store.clone()).await;
    let before = resident();
    let count = 100_000;
    fill(&store, count).await;
    println!("  {} bytes of memory per record\n", (resident() - before) / count);
}

async fn file() {
    let directory = Directory::new();
    let path = directory.0.join("keys");
    let store: Store = Arc::new(FileStore::open_or_create(&path).unwrap());
    let floor_file = File::create(directory.0.join("floor")).unwrap();
    floor_file.write_all_at(&vec![0; 4096 * 64], 0).unwrap();
    floor_file.sync_all().unwrap();
    // As a group commit does at best: two syncs for all that wait, on the thread that asks.
    let floor = async |_| {
        for at in 0..2 {
            let page = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes().repeat(512);
            floor_file.write_all_at(&page, 4096 * at).unwrap();
            floor_file.sync_data().unwrap();
        }
    };
    compare("file", "two fdatasync, for all tasks together", &store, 1, floor).await;
    replay::compare(store.clone()).await;
    let before = std::fs::metadata(&path).unwrap().len();
    let count = 2_000;
    crowd(&store, 16, count / 16).await;
    let after = std::fs::metadata(&path).unwrap().len();
    println!("  {} bytes of file per record\n", (after - before) / count);
}

async fn redis() {
    let Some(server) = Server::redis(&["--appendfsync", "everysec"]) else { return };
    let store: Store = Arc::new(RedisStore::at(&server.url()).unwrap());
    let port = server.port;
    let connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    connection.set_nodelay(true).unwrap();
    let connection = tokio::sync::Mutex::new(connection);
    let floor = async |tasks: u64| {
        let mut connection = connection.lock().await;
        // As one connection does at best: the commands of all tasks in one write.
        let (mut ping, mut pong) = (b"PING\r\n".to_vec(), vec![0; 7 * tasks as usize]);
        ping = ping.repeat(tasks as usize);
        for _ in 0..2 {
            connection.write_all(&ping).await.unwrap();
            connection.read_exact(&mut pong).await.unwrap();
        }
    };
    compare("redis", "two PING per task, pipelined", &store, 20, floor).await;
    // The payments of this crate's tests are made at another time.
    let timeless = RedisStore::at(&server.url()).unwrap().danger_any_clock();
    replay::compare(Arc::new(timeless)).await;
    let used = || async {
        let mut connection = connection.lock().await;
        connection.write_all(b"INFO memory\r\n").await.unwrap();
        let mut info = vec![0; 16 * 1024];
        let length = connection.read(&mut info).await.unwrap();
        let info = String::from_utf8_lossy(&info[..length]).into_owned();
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        used.unwrap().trim().parse::<u64>().unwrap()
    };
    let (before, count) = (used().await, 10_000);
    crowd(&store, 16, count / 16).await;
    println!("  {} bytes of server memory per record\n", (used().await - before) / count);
}

async fn postgres() {
    let Some(server) = Server::postgres() else { return };
    let url = server.url();
    let store = PostgresStore::at(&url).unwrap().build().unwrap();
    store.migrate().await.unwrap();
    let store: Store = Arc::new(store);
    let mut clients = Vec::new();
    for _ in 0..16 {
        let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls);
        let (client, connection) = connecting.await.unwrap();
        tokio::spawn(connection);
        let statement = client.prepare("SELECT 1").await.unwrap();
        clients.push(Arc::new((client, statement)));
    }
    let floor = async |tasks: u64| {
        let queries = clients.iter().take(tasks as usize).map(|client| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..2 {
                    client.0.query_one(&client.1, &[]).await.unwrap();
                }
            })
        });
        for query in queries.collect::<Vec<_>>() {
            query.await.unwrap();
        }
    };
    compare("postgres", "two SELECT 1 per task, a connection each", &store, 1, floor).await;
    let timeless = PostgresStore::at(&url).unwrap().danger_any_clock().build().unwrap();
    replay::compare(Arc::new(timeless)).await;
    let client = &clients[0].0;
    let size = || async {
        let sql = "SELECT sum(pg_total_relation_size(relid))::bigint \
                   FROM pg_partition_tree('open_banking.claim')";
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) as u64
    };
    let (before, count) = (size().await, 3_200);
    crowd(&store, 16, count / 16).await;
    println!("  {} bytes of tables per record\n", (size().await - before) / count);
}

/// Prints what a pair of acts costs beside the floor, by one task and by sixteen.
async fn compare(name: &str, of_floor: &str, store: &Store, pairs: u64, floor: impl AsyncFn(u64)) {
    println!("{name}; floor: {of_floor}");
    for tasks in [1, 16] {
        let (mut floors, mut costs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + WARM_UP {
            let begin = Instant::now();
            for _ in 0..pairs {
                floor(tasks).await;
            }
            let floor = begin.elapsed();
            let begin = Instant::now();
            crowd(store, tasks, pairs).await;
            if round >= WARM_UP {
                floors.push(floor / pairs as u32);
                costs.push(begin.elapsed() / pairs as u32);
            }
        }
        let (floor, cost) = (median(floors), median(costs));
        println!(
            "  {tasks:>2} tasks: {:>9.1} µs for a pair of each, floor {:>9.1} µs, ratio {:>5.2}, \
             {:>8.0} pairs/s",
            cost.as_secs_f64() * 1e6,
            floor.as_secs_f64() * 1e6,
            cost.as_secs_f64() / floor.as_secs_f64(),
            tasks as f64 / cost.as_secs_f64(),
        );
    }
}

/// Tasks that each claim and settle some keys, one after the other.
async fn crowd(store: &Store, tasks: u64, pairs: u64) {
    if tasks == 1 {
        return fill(store, pairs).await;
    }
    let tasks = (0..tasks).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { fill(&store, pairs).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn fill(store: &Store, pairs: u64) {
    for _ in 0..pairs {
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let key = StoreKey::exclusive("", "bench", &id);
        let claimant = Claimant::random().unwrap();
        let claim = Claim::new(key, Fingerprint::from([1; 32]), claimant, now());
        let Claimed::New(lease) = store.claim(claim).await.unwrap() else {
            panic!("claimed twice")
        };
        assert_eq!(store.settle(&lease, record()).await.unwrap(), Settlement::Done);
    }
}

fn record() -> Record {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(LOCATION, HeaderValue::from_static("/domestic-payments/7290-003"));
    Record::of(StatusCode::CREATED, &headers, &[CONTENT_TYPE, LOCATION], &[b'x'; 500], now())
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

const ROUNDS: usize = 60;
const WARM_UP: usize = 5;
