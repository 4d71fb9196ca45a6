//! [`PrivateServer`]: a server for one test alone, which may stop it and start it again.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::sleep;

use crate::database::Kind;

/// A server on a free port, with its data in a temporary folder. Both are gone when it is dropped.
pub struct PrivateServer {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It ends what its clients do, and shuts down in order.
    Fast,
    /// It ends at once, as in a crash, and has to recover when it is started again.
    Immediate,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl PrivateServer {
    /// Makes one and starts it; none where its programs are not installed.
    pub async fn start_new(kind: Kind) -> Option<Self> {
        if !is_installed(kind) {
            return None;
        }
        let name = format!("aludel-restart.{}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // A path to a socket has to fit into about 100 bytes; and the server's user must be let in.
        let folder = if is_root() { PathBuf::from("/tmp").join(name) } else { env::temp_dir().join(name) };
        fs::create_dir(&folder).unwrap();
        let mut server = Self { kind, folder, port: free_port(), process: None };
        server.prepare();
        server.start().await;
        if kind == Kind::MySql {
            let socket = format!("--socket={}", server.folder.join("socket").display());
            let sql = "CREATE DATABASE aludel; CREATE USER aludel@'%' IDENTIFIED BY 'aludel'; \
                       GRANT ALL ON *.* TO aludel@'%'";
            run(Command::new(find("mariadb").unwrap()).args([
                "--no-defaults",
                &socket,
                "--user=root",
                "-e",
                sql,
            ]));
        }
        Some(server)
    }

    /// How to connect to it.
    pub fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port),
            _ => format!("mysql://aludel:aludel@127.0.0.1:{}/aludel", self.port),
        }
    }

    fn prepare(&self) {
        let data = self.folder.join("data");
        if is_root() {
            run(Command::new("chown").arg(user(self.kind)).arg(&self.folder));
        }
        match self.kind {
            Kind::Postgres => {
                let options =
                    ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
                run(self.command("initdb").args(options).arg("--pgdata").arg(&data));
            }
            _ => {
                let data = format!("--datadir={}", data.display());
                let as_user =
                    if is_root() { "--user=mysql".to_owned() } else { format!("--user={}", whoami()) };
                let options = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"];
                // As root it gives the files to the user by itself.
                run(Command::new(find("mariadb-install-db").unwrap())
                    .args(options)
                    .args([&data, &as_user])
                    .current_dir(&self.folder));
            }
        }
    }

    /// Starts it, and waits until it takes connections.
    pub async fn start(&mut self) {
        let data = self.folder.join("data");
        let port = self.port.to_string();
        let mut command;
        match self.kind {
            Kind::Postgres => {
                command = self.command("postgres");
                command.arg("-D").arg(&data).args(["-p", &port]);
                // What the system has is enough: it is the server that crashes here, not the machine.
                for option in ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=60"] {
                    command.args(["-c", option]);
                }
                command.arg("-c").arg(format!("unix_socket_directories={}", self.folder.display()));
            }
            _ => {
                command = self.command("mariadbd");
                command.args([
                    "--no-defaults",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                    "--skip-log-bin",
                ]);
                command.args(["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M"]);
                command.args(["--innodb-log-file-size=16M", "--innodb-flush-method=nosync"]);
                command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
                command.arg(format!("--socket={}", self.folder.join("socket").display()));
                command.arg(format!("--pid-file={}", self.folder.join("pid").display()));
            }
        }
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let process =
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.process = Some(process);
        for _ in 0..1500 {
            if self.is_ready() {
                return;
            }
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the server did not start: {ended:?}: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not start: {}", self.log());
    }

    fn is_ready(&self) -> bool {
        match self.kind {
            Kind::Postgres => {
                let port = self.port.to_string();
                self.command("pg_isready")
                    .args(["-q", "-h", "127.0.0.1", "-p", &port])
                    .status()
                    .unwrap()
                    .success()
            }
            _ => TcpStream::connect(("127.0.0.1", self.port)).is_ok(),
        }
    }

    /// Stops it, and waits until it is gone.
    pub async fn stop(&mut self, how: Stop) {
        let mut process = self.process.take().unwrap();
        let signal = match (self.kind, how) {
            (Kind::Postgres, Stop::Fast) => "-INT",
            (Kind::Postgres, Stop::Immediate) => "-QUIT",
            (_, Stop::Fast) => "-TERM",
            (_, Stop::Immediate) => "-KILL",
        };
        run(Command::new("kill").args([signal, &process.id().to_string()]));
        for _ in 0..1500 {
            if process.try_wait().unwrap().is_some() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        let _ = process.kill();
        panic!("the server does not stop: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// A program of the server, as the user that it has to run as; it ends with this process where the system can do it.
    fn command(&self, program: &str) -> Command {
        let program = find(program).unwrap();
        if !is_root() {
            let mut command = Command::new(program);
            command.current_dir(&self.folder);
            return command;
        }
        let user = user(self.kind);
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]);
        command.args(["setpriv", "--pdeathsig", "KILL"]).arg(program).current_dir(&self.folder);
        command
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The children of a PostgreSQL that is killed would outlive it.
            let signal = if self.kind == Kind::Postgres { "-QUIT" } else { "-KILL" };
            let _ = Command::new("kill").args([signal, &process.id().to_string()]).status();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether all programs of the server are installed.
fn is_installed(kind: Kind) -> bool {
    let programs: &[&str] = match kind {
        Kind::Postgres => &["initdb", "pg_isready", "postgres"],
        _ => &["mariadb", "mariadb-install-db", "mariadbd"],
    };
    let missing: Vec<_> = programs.iter().filter(|program| find(program).is_none()).collect();
    if !missing.is_empty() {
        eprintln!("not run: {missing:?} are not installed");
    }
    missing.is_empty()
}

/// Where a program is: where `tests/run` found PostgreSQL, else in the PATH, else where Debian puts servers.
fn find(program: &str) -> Option<PathBuf> {
    let named = env::var_os("ALUDEL_TEST_POSTGRES_BIN").filter(|folder| !folder.is_empty());
    let mut folders: Vec<PathBuf> = named.map(PathBuf::from).into_iter().collect();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    folders.push("/usr/sbin".into());
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn user(kind: Kind) -> &'static str {
    if kind == Kind::Postgres { "postgres" } else { "mysql" }
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")) == "0"
}

fn whoami() -> String {
    output(Command::new("id").arg("-un"))
}

fn output(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
