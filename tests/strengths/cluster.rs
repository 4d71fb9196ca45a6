//! [`Server`]: PostgreSQL servers for one test alone: a primary, and standbys that follow it.

use std::{
    env, fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::sleep;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A server on a free port, with its data in a temporary folder. Both are gone when it is dropped.
pub struct Server {
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// Makes one and starts it; none where its programs are not installed.
    pub async fn start_primary() -> Option<Self> {
        let missing: Vec<_> = ["initdb", "pg_basebackup", "pg_ctl", "pg_isready", "postgres"]
            .into_iter()
            .filter(|program| find(program).is_none())
            .collect();
        if !missing.is_empty() {
            assert!(env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_none(), "{missing:?} are not installed");
            eprintln!("not run: {missing:?} are not installed");
            return None;
        }
        let mut server = Self::in_new_folder();
        let options = ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
        run(server.command("initdb").args(options).arg("--pgdata").arg(server.data()));
        server.start().await;
        Some(server)
    }

    /// Makes a standby that follows it.
    pub async fn start_standby(&self) -> Self {
        let mut standby = Self::in_new_folder();
        let port = self.port.to_string();
        let options =
            ["--host=127.0.0.1", "--username=postgres", "--write-recovery-conf", "--checkpoint=fast"];
        run(standby
            .command("pg_basebackup")
            .args(options)
            .args(["--no-sync", "--wal-method=stream", "--port", &port, "--pgdata"])
            .arg(standby.data()));
        standby.start().await;
        standby
    }

    fn in_new_folder() -> Self {
        let name = format!("aludel-cluster.{}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // A path to a socket has to fit into about 100 bytes; and the server's user must be let in.
        let folder = if is_root() { PathBuf::from("/tmp").join(name) } else { env::temp_dir().join(name) };
        fs::create_dir(&folder).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, process: None }
    }

    /// Its port on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    async fn start(&mut self) {
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &port]);
        for option in ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=40"] {
            command.args(["-c", option]);
        }
        command.arg("-c").arg(format!("unix_socket_directories={}", self.folder.display()));
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        for _ in 0..1500 {
            let mut ready = self.command("pg_isready");
            if ready.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().unwrap().success() {
                return;
            }
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the server did not start: {ended:?}: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not start: {}", self.log());
    }

    /// Has it end what its clients do, and waits until it is gone. What it has committed is with its standbys then.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        run(Command::new("kill").args(["-INT", &process.id().to_string()]));
        for _ in 0..1500 {
            if process.try_wait().unwrap().is_some() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        let _ = process.kill();
        panic!("the server does not stop: {}", self.log());
    }

    /// Makes a standby a primary.
    pub fn promote(&self) {
        run(self.command("pg_ctl").args(["promote", "--wait", "--silent", "--pgdata"]).arg(self.data()));
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// A program of the server, as the user that it has to run as; it ends with this process where the system can do it.
    fn command(&self, program: &str) -> Command {
        let program = find(program).unwrap();
        let mut command = Command::new(if is_root() { "setpriv" } else { "env" });
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
            command.args(["setpriv", "--pdeathsig", "KILL"]);
        }
        command.arg(program).current_dir(&self.folder);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The children of one that is killed would outlive it.
            let _ = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a program is: where `tests/run` found PostgreSQL, else in the PATH, else where Debian puts servers.
fn find(program: &str) -> Option<PathBuf> {
    let named = env::var_os("ALUDEL_TEST_POSTGRES_BIN").filter(|folder| !folder.is_empty());
    let mut folders: Vec<PathBuf> = named.map(PathBuf::from).into_iter().collect();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
