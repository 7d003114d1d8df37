//! Servers of the test's own: data in a temporary directory, on a free port or a socket, stopped in
//! every case.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A directory that anybody may enter, removed at the end.
#[derive(Debug)]
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        let random: [u8; 8] = tower_open_banking::crypto::random().unwrap();
        let name = format!("open-banking-stores-{:016x}", u64::from_be_bytes(random));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that can be stopped and started again over the same data.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    pub child: Option<Child>,
    pub port: u16,
    pub directory: Directory,
    arguments: Vec<String>,
}

#[derive(Clone, Debug)]
enum Kind {
    Redis,
    Postgres { programs: PathBuf },
}

impl Server {
    /// A Redis that syncs each write, or `None` where it is absent.
    pub fn redis(arguments: &[&str]) -> Option<Self> {
        program("redis-server", "redis-server", || on_path("redis-server"))?;
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Some(Self::start(Kind::Redis, arguments))
    }

    /// A PostgreSQL with its defaults, or `None` where it is absent.
    pub fn postgres() -> Option<Self> {
        let programs = program("postgres", "postgresql", postgres_programs)?;
        let mut server = Self {
            kind: Kind::Postgres { programs: programs.clone() },
            child: None,
            port: free_port(),
            directory: Directory::new(),
            arguments: Vec::new(),
        };
        let data = server.directory.0.join("data");
        let mut initdb = as_nobody(&programs.join("initdb"));
        initdb.args(["-U", "bank", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C", "-D"]);
        let output = initdb.arg(&data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        server.run();
        Some(server)
    }

    fn start(kind: Kind, arguments: Vec<String>) -> Self {
        let (port, directory) = (free_port(), Directory::new());
        let mut server = Self { kind, child: None, port, directory, arguments };
        server.run();
        server
    }

    /// Starts it, and waits until it answers.
    pub fn run(&mut self) {
        let (port, directory) = (self.port.to_string(), &self.directory.0);
        let mut command = match &self.kind {
            Kind::Redis => {
                let mut command = Command::new("redis-server");
                command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"]);
                command.arg(directory).args(["--appendonly", "yes", "--appendfsync", "always"]);
                command
            }
            Kind::Postgres { programs } => {
                let mut command = as_nobody(&programs.join("postgres"));
                command.arg("-D").arg(directory.join("data")).args([
                    "-p",
                    &port,
                    "-h",
                    "127.0.0.1",
                ]);
                command.arg("-k").arg(directory).args(["-c", "max_connections=60"]);
                command
            }
        };
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(directory.join("server.log"))
            .unwrap();
        command.args(&self.arguments).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            assert!(Instant::now() < until, "it does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        match &self.kind {
            Kind::Redis => TcpStream::connect(("127.0.0.1", self.port)).is_ok(),
            Kind::Postgres { programs } => {
                let mut ready = Command::new(programs.join("pg_isready"));
                ready.arg("-q").arg("-h").arg(&self.directory.0);
                let ready = ready.args(["-p", &self.port.to_string()]).status();
                ready.is_ok_and(|status| status.success())
            }
        }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if matches!(self.kind, Kind::Postgres { .. }) {
            // SIGQUIT: immediate shutdown with its children, and recovery at the next start.
            let id = child.id().to_string();
            let _ = Command::new("kill").args(["-QUIT", &id]).status();
        } else {
            let _ = child.kill();
        }
        let _ = child.wait();
    }

    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same server behind another port.
    pub fn url_at(&self, port: u16) -> String {
        match self.kind {
            Kind::Redis => format!("redis://127.0.0.1:{port}"),
            Kind::Postgres { .. } => format!("postgresql://bank@127.0.0.1:{port}/postgres"),
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.0.join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Finds a program, or installs its package.
fn program(name: &str, package: &str, find: impl Fn() -> Option<PathBuf>) -> Option<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(|error| error.into_inner());
    if find().is_none() && is_root() && on_path("apt-get").is_some() {
        let apt = |arguments: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            apt.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        let _ = apt(&["update", "-qq"])
            && apt(&["install", "-y", "-qq", "--no-install-recommends", package]);
    }
    let found = find();
    if found.is_none() {
        let required = std::env::var("OPEN_BANKING_STORES").is_ok_and(|value| value == "required");
        assert!(!required, "{name} is absent and could not be installed");
        eprintln!("LEFT OUT: the tests that need {name}, which is absent");
    }
    found
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The folder of the newest PostgreSQL: Debian keeps the server off the path.
fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let found = folders.filter(|folder| folder.join("initdb").is_file()).max();
    found.or_else(|| Some(on_path("initdb")?.parent()?.to_path_buf()))
}

/// PostgreSQL refuses to run as root.
fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]);
    command.arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
