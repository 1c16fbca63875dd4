//! PostgreSQL as Amazon RDS has it before its clients: over TLS, with the role and the database of the
//! deployment, and logins by password or by token.

use std::io::Result;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio_postgres::config::Host;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::database::{Row, query};
use super::postgres::Postgres;
use super::tls::Issued;

/// The role that the gateway logs in as.
const ROLE: &str = "proxy";

/// Says whether a token opens the door.
type Check = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The server; it ends when dropped.
pub(crate) struct Cluster {
    postgres: Postgres,
    pub(crate) port: u16,
    _runtime: Runtime,
}

impl Cluster {
    /// A server that takes passwords.
    pub(crate) fn with_password(certificate: &Issued, password: &str) -> Self {
        let this = Self::start(certificate, None);
        // SCRAM costs so much time in a build without optimisation that many logins at once run out of it.
        this.admit("md5");
        this.set_password(password);
        this
    }

    /// A server that takes what `check` takes, asking for it in clear as RDS does for tokens.
    pub(crate) fn with_token(
        certificate: &Issued,
        check: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let this = Self::start(certificate, Some(Arc::new(check)));
        this.admit("trust");
        this
    }

    /// Sets how the gateway's role is asked who it is.
    fn admit(&self, method: &str) {
        let shown = self.sql("show hba_file");
        let file = shown[0]["hba_file"].clone().unwrap();
        let rules = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("local all {ROLE} {method}\n{rules}")).unwrap();
        self.sql("select pg_reload_conf()");
    }

    /// Changes the password of the gateway's role.
    pub(crate) fn set_password(&self, password: &str) {
        self.sql(&format!(
            "set password_encryption = 'md5'; alter role {ROLE} password '{password}'"
        ));
    }

    fn start(certificate: &Issued, check: Option<Check>) -> Self {
        let postgres = Postgres::start("proxy");
        let connection = postgres.connection();
        let Host::Unix(socket) = &connection.get_hosts()[0] else { panic!("no socket") };
        let port = connection.get_ports().first().copied().unwrap_or(5432);
        let socket = socket.join(format!(".s.PGSQL.{port}"));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(certificate.server_config());
        runtime.spawn(async move {
            let mut clients = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, check) = (acceptor.clone(), check.clone());
                clients.spawn(serve(client, acceptor, check, socket.clone()));
            }
        });
        let this = Self { postgres, port, _runtime: runtime };
        this.sql(&format!("create role {ROLE} login; alter database proxy owner to {ROLE}"));
        this
    }

    /// Runs statements as the server's owner.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        query(&self.postgres.connection(), statements).unwrap()
    }

    /// Ends every session of the gateway, so that it has to log in again.
    pub(crate) fn end_sessions(&self) {
        self.sql(&format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '{ROLE}'"
        ));
    }
}

/// One client, from its wish for TLS to its end.
async fn serve(
    mut client: TcpStream,
    acceptor: TlsAcceptor,
    check: Option<Check>,
    socket: PathBuf,
) -> Result<()> {
    let mut wish = [0; 8];
    client.read_exact(&mut wish).await?;
    // SSLRequest, by its length and its code.
    assert_eq!(wish, [0, 0, 0, 8, 4, 210, 22, 47], "the gateway does not ask for TLS");
    client.write_all(b"S").await?;
    let mut client = acceptor.accept(client).await?;
    let startup = message(&mut client).await?;
    if let Some(check) = check {
        client.write_all(b"R\0\0\0\x08\0\0\0\x03").await?;
        client.read_u8().await?;
        let password = message(&mut client).await?;
        let token = String::from_utf8_lossy(&password[4..password.len() - 1]).into_owned();
        if !check(&token) {
            let fields = b"SFATAL\0C28000\0MPAM authentication failed for user\0\0";
            client.write_all(b"E").await?;
            client.write_u32(u32::try_from(fields.len()).unwrap() + 4).await?;
            client.write_all(fields).await?;
            return client.shutdown().await;
        }
    }
    let mut server = UnixStream::connect(socket).await?;
    server.write_all(&startup).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// A message with the four bytes of its length before it.
async fn message(client: &mut TlsStream<TcpStream>) -> Result<Vec<u8>> {
    let length = client.read_u32().await?;
    let mut whole = length.to_be_bytes().to_vec();
    whole.resize(usize::try_from(length).unwrap(), 0);
    client.read_exact(&mut whole[4..]).await?;
    Ok(whole)
}
