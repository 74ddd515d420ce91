//! Servers that are not ours: whether `DATABASE_URL` and `NATS_URL` lead anywhere.

use std::io;
use std::str::FromStr as _;
use std::time::Duration;

use async_nats::ServerAddr;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);
/// `cannot_connect_now`: Postgres is starting or recovering.
const STARTING: &str = "57P03";
const OLDEST_POSTGRES: i32 = 150_000;

/// Why a server cannot be used. Each is one sentence, without the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// Not a URL of Postgres.
    #[error(
        "DATABASE_URL is not a Postgres URL: it should look like postgres://user:password@host:5432/database."
    )]
    DatabaseUrl,
    #[error(
        "DATABASE_URL leads nowhere: nothing answers at {place} ({reason}); start Postgres there, correct it, or unset it to use a private one."
    )]
    DatabaseUnreachable {
        /// Host and port.
        place: String,
        /// What the system says.
        reason: String,
    },
    /// Postgres does not let us in.
    #[error("DATABASE_URL is refused by the Postgres at {place}: {reason}.")]
    DatabaseRefused {
        /// Host and port.
        place: String,
        /// What Postgres says.
        reason: String,
    },
    #[error("The Postgres at {place} is version {version}: DivineTime needs 15 or newer.")]
    DatabaseVersion {
        /// Host and port.
        place: String,
        version: String,
    },
    /// Not a URL of NATS.
    #[error("NATS_URL is not a NATS URL: it should look like nats://user:password@host:4222.")]
    NatsUrl,
    #[error(
        "NATS_URL leads nowhere: nothing answers at {place} ({reason}); start nats-server there, correct it, or unset it to use a private one."
    )]
    NatsUnreachable {
        /// Host and port.
        place: String,
        /// What the system says.
        reason: String,
    },
    /// Something else listens there, or NATS without `JetStream`.
    #[error("NATS_URL is of no use: {place} {reason}.")]
    NatsUnfit {
        /// Host and port.
        place: String,
        /// The rest of a sentence that begins with `place`.
        reason: &'static str,
    },
}

/// Connects to a database once and looks at its version.
pub async fn check_database(url: &str) -> Result<(), OutsideError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OutsideError::DatabaseUrl);
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| OutsideError::DatabaseUrl)?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    match timeout(PATIENCE, version(&options)).await {
        Err(_) => Err(OutsideError::DatabaseUnreachable {
            place,
            reason: "no answer within 5 seconds".to_owned(),
        }),
        Ok(Err(sqlx::Error::Database(error))) => Err(OutsideError::DatabaseRefused {
            place,
            reason: error.message().to_owned(),
        }),
        Ok(Err(sqlx::Error::Io(error))) => Err(OutsideError::DatabaseUnreachable {
            place,
            reason: plainly(&error),
        }),
        Ok(Err(error)) => Err(OutsideError::DatabaseUnreachable {
            place,
            reason: error.to_string(),
        }),
        Ok(Ok((number, version))) if number.parse().unwrap_or(0) < OLDEST_POSTGRES => {
            Err(OutsideError::DatabaseVersion { place, version })
        }
        Ok(Ok(_)) => Ok(()),
    }
}

/// The version as a number and as text, from a server that may still be starting.
async fn version(options: &PgConnectOptions) -> Result<(String, String), sqlx::Error> {
    let mut connection = loop {
        match options.connect().await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(STARTING) => {
                sleep(LOOK).await;
            }
            other => break other?,
        }
    };
    let version = sqlx::query_as(
        "select current_setting('server_version_num'), current_setting('server_version')",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok(version)
}

/// Reads what a NATS server says of itself. Of several servers one is enough.
pub async fn check_nats(urls: &str) -> Result<(), OutsideError> {
    let mut result = Err(OutsideError::NatsUrl);
    for url in urls.split(',').map(str::trim).filter(|url| !url.is_empty()) {
        result = check_one_nats(url).await;
        if result.is_ok() {
            break;
        }
    }
    result
}

async fn check_one_nats(url: &str) -> Result<(), OutsideError> {
    let address = ServerAddr::from_str(url).map_err(|_| OutsideError::NatsUrl)?;
    if !matches!(address.scheme(), "nats" | "tls") {
        return Err(OutsideError::NatsUrl);
    }
    let place = format!("{}:{}", address.host(), address.port());
    let greeting = async {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok::<_, io::Error>(line)
    };
    let line = match timeout(PATIENCE, greeting).await {
        Ok(Ok(line)) => line,
        Ok(Err(error)) => {
            return Err(OutsideError::NatsUnreachable {
                place,
                reason: plainly(&error),
            });
        }
        Err(_) => {
            return Err(OutsideError::NatsUnreachable {
                place,
                reason: "no answer within 5 seconds".to_owned(),
            });
        }
    };
    let Some(info) = line.strip_prefix("INFO ") else {
        return Err(OutsideError::NatsUnfit {
            place,
            reason: "is not a NATS server",
        });
    };
    let info: serde_json::Value = serde_json::from_str(info).unwrap_or_default();
    if info["jetstream"] == true {
        Ok(())
    } else {
        Err(OutsideError::NatsUnfit {
            place,
            reason: "runs without JetStream: start nats-server with --jetstream",
        })
    }
}

fn plainly(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn unused_port() -> u16 {
        TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    }

    async fn says(greeting: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
        });
        port
    }

    #[tokio::test]
    async fn a_malformed_database_url_is_not_shown() {
        for url in ["mysql://u:hush@h/d", "hush", "postgres://u:hush@h:port/d"] {
            let error = check_database(url).await.unwrap_err().to_string();
            assert!(
                error.contains("not a Postgres URL") && !error.contains("hush"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn an_unreachable_database_is_named_by_host_and_port() {
        let port = unused_port().await;
        let error = check_database(&format!("postgres://u:hush@127.0.0.1:{port}/d"))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!(
                "nothing answers at 127.0.0.1:{port} (connection refused)"
            )),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }

    #[tokio::test]
    async fn an_unreachable_nats_is_named_by_host_and_port() {
        let port = unused_port().await;
        let error = check_nats(&format!("nats://u:hush@127.0.0.1:{port}"))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("nothing answers at 127.0.0.1:{port}")),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }

    #[tokio::test]
    async fn a_nats_without_jetstream_and_something_else_are_told_apart() {
        let port = says("INFO {\"version\":\"2.15.1\"}\r\n").await;
        let error = check_nats(&format!("nats://127.0.0.1:{port}"))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("without JetStream"), "{error}");
        let port = says("SSH-2.0-OpenSSH\r\n").await;
        let error = check_nats(&format!("nats://127.0.0.1:{port}"))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("is not a NATS server"), "{error}");
        let port = says("INFO {\"version\":\"2.15.1\",\"jetstream\":true}\r\n").await;
        check_nats(&format!("nats://127.0.0.1:{port}"))
            .await
            .unwrap();
    }
}
